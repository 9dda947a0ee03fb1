// Writes first inputs for the fuzzer: saved battles, choices, and what a server sends. fuzz_seeds FOLDER COUNT.
#include <fstream>

#include "../log.hpp"
#include "random_play.hpp"

namespace {

// What player 1 is sent up to some turn: each turn's lines, then its request.
std::string sent_lines(gen1::Session session, int turns, gen1::tools::Random& random) {
    std::string sent;
    std::size_t read = 0;
    for (int turn = 0; turn <= turns; turn++) {
        sent += gen1::view_of_log(std::string_view(session.log()).substr(read), 0);
        read = session.log().size();
        if (session.battle().ended()) break;
        sent += "|request|" + session.request(0) + "\n";
        gen1::tools::play(session, 1, random);
    }
    return sent;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace gen1::tools;
    const std::string folder = argc > 1 ? argv[1] : ".";
    const int count = argc > 2 ? std::atoi(argv[2]) : 100;
    for (int number = 0; number < count; number++) {
        Random random(static_cast<std::uint64_t>(number));
        gen1::Session session = random_session(random);
        std::ofstream(folder + "/lines-" + std::to_string(number), std::ios::binary) << '\xff' << sent_lines(session, number % 12, random);
        play(session, number % 40, random);
        std::ofstream(folder + "/battle-" + std::to_string(number), std::ios::binary) << '\0' << session.to_bytes();
        std::ofstream(folder + "/choices-" + std::to_string(number), std::ios::binary) << static_cast<char>(1 + number % 254) << std::string(80, static_cast<char>(number));
    }
}
