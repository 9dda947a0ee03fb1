// Plays random battles and checks each of their states; built with the address and undefined-behaviour sanitizers.
//
//     make -C pokespiel/game/gen1/engine/tools sanitize BATTLES=100000
#include "random_play.hpp"

int main(int argc, char** argv) {
    using namespace gen1::tools;
    const long battles = argc > 1 ? std::atol(argv[1]) : 1000;
    const long first = argc > 2 ? std::atol(argv[2]) : 0;
    long points = 0;
    for (long number = first; number < first + battles; number++) {
        Random random(static_cast<std::uint64_t>(number));
        gen1::Session session = random_session(random);
        for (int point = 0; point < 400 && !session.battle().ended(); point++, points++) {
            if (point % 8 == 0) check(session);
            play(session, 1, random);
        }
        check(session);
        if ((number + 1) % 10000 == 0) std::printf("%ld battles, %ld choices\n", number + 1 - first, points);
    }
    std::printf("%ld battles, %ld choices: clean\n", battles, points);
}
