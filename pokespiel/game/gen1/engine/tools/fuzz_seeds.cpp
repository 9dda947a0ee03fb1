// Writes saved battles as first inputs for the fuzzer: fuzz_seeds FOLDER COUNT.
#include <fstream>

#include "random_play.hpp"

int main(int argc, char** argv) {
    using namespace gen1::tools;
    const std::string folder = argc > 1 ? argv[1] : ".";
    const int count = argc > 2 ? std::atoi(argv[2]) : 100;
    for (int number = 0; number < count; number++) {
        Random random(static_cast<std::uint64_t>(number));
        gen1::Session session = random_session(random);
        play(session, number % 40, random);
        std::ofstream(folder + "/battle-" + std::to_string(number), std::ios::binary) << '\0' << session.to_bytes();
        std::ofstream(folder + "/choices-" + std::to_string(number), std::ios::binary) << static_cast<char>(1 + number % 255) << std::string(80, static_cast<char>(number));
    }
}
