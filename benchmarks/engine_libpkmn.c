/* Plays random battles with libpkmn, whose functions engine.py passes in (pkmn.h of 2024 and later); the counterpart of
 * `_engine.play_out`. Compiled by engine.py. */
#include <stdint.h>
#include <string.h>

typedef struct { uint8_t bytes[384]; } Battle;
typedef uint8_t (*Update)(Battle *, uint8_t, uint8_t, void *);
typedef uint8_t (*Choices)(const Battle *, int, int, uint8_t *, size_t);
typedef int (*Kind)(uint8_t);
typedef void (*SetOptions)(void *, const void *, const void *, const void *);

static uint64_t splitmix(uint64_t *state) {
    uint64_t mixed = *state += 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
    return mixed ^ mixed >> 31;
}

static uint8_t choose(const Battle *battle, int player, int request, Choices choices, uint64_t *random) {
    uint8_t offered[16];
    const uint64_t count = choices(battle, player, request, offered, sizeof offered);
    return count ? offered[(splitmix(random) >> 32) * count >> 32] : 0;
}

/* The sum of the turns of `count` battles from `start`. */
uint64_t play_out(const uint8_t *start, uint64_t count, uint64_t seed, Update update, Choices choices, Kind request1,
                  Kind request2, Kind type, SetOptions set_options) {
    _Alignas(64) uint8_t options[1024] = {0};
    uint64_t turns = 0;
    for (uint64_t i = 0; i < count; i++) {
        Battle battle;
        memcpy(battle.bytes, start, sizeof battle.bytes);
        const uint64_t generator = splitmix(&seed);
        memcpy(battle.bytes + 376, &generator, sizeof generator);
        set_options(options, 0, 0, 0);
        uint8_t result = update(&battle, 0, 0, options);
        while (!type(result)) {
            const uint8_t first = choose(&battle, 0, request1(result), choices, &seed);
            const uint8_t second = choose(&battle, 1, request2(result), choices, &seed);
            set_options(options, 0, 0, 0);
            result = update(&battle, first, second, options);
        }
        turns += battle.bytes[368] | battle.bytes[369] << 8;
    }
    return turns;
}
