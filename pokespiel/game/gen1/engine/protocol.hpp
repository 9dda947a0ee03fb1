// A player's knowledge from the other end: what a Showdown server sends this player, line by line, becomes the same events
// that Observer passes on, and its requests the same Ask.
//
// Lines of other kinds (chat, timers, HTML, hints, battle messages without consequence) are skipped. Lines that are
// impossible in a Gen 1 singles battle as this player sees it are refused with a std::invalid_argument that quotes the
// line; the tracker is then as before that line. Nothing is executed, or trusted beyond its type and range.
//
// Servers up to about 2022 sent a request before the lines that lead to it, and some lines in other words ("[from]Wrap",
// "|-sidestart|p1: A|Mist", a Haze that is only "|-clearallboost"). Both are read. Such a request is held until its lines
// have arrived (for a move the "|turn|", for a switch the "|faint|") and then processed as if it had come after them.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "estimate.hpp"
#include "knowledge.hpp"

namespace gen1 {

class Tracker {
  public:
    // When requests come: Unknown is resolved by whether the first one comes before "|start".
    enum class Order : std::uint8_t { Unknown, LinesFirst, RequestsFirst };

    // player: 0 (p1), 1 (p2), or -1: decided by the first request.
    explicit Tracker(int player = -1, Order order = Order::Unknown);

    // One line as the server sent it, without its line break. `|request|{...}` is passed to request() once its lines have
    // come. Lines before the first request wait for it, since it describes the player's party.
    void line(std::string_view line);

    // The JSON text of a request, after the lines that led to it. If a line that waited for the first request is refused,
    // this throws too, after everything else was processed.
    void request(std::string_view json);

    // The player's PP at the start of the battle if not full, by place in the party as sent: known to whoever set the
    // battle up, but not part of any line. Call it before the first request.
    void start_with_pp(const std::vector<std::vector<int>>& pp);

    bool ready() const { return ready_; }  // a request has come
    int player() const { return knowledge_.player; }
    Order order() const { return order_; }
    // With the last request if its lines have come; earlier requests are over.
    Knowledge knowledge() const { return due_ ? settled().knowledge_ : knowledge_; }

    // The current features: kCompactSize or kFeatures numbers. Throws std::invalid_argument before the first request.
    void features(std::int16_t* out);
    void features(float* out);

  private:
    struct Line;
    void read(std::string_view text);
    void require_possible() const;
    bool read_frame(const Line& line);
    bool read_action(const Line& line);
    bool read_effect(const Line& line);
    void read_switch(const Line& line);
    void read_move(const Line& line);
    void read_cant(const Line& line);
    void read_status(const Line& line);
    void read_boost(const Line& line, int sign);
    void read_activation(const Line& line);
    void read_condition(const Line& line, int side, bool starts);
    void read_win(const Line& line);
    event::Health read_health(const Line& line, std::size_t field, int side) const;
    int own_index(std::string_view name, int species, int level, const event::Health& health) const;

    struct Member {
        std::string name;
        OwnPokemon pokemon;
    };
    struct Asked {
        int player;
        std::vector<Member> party;
        Ask ask;
    };
    static std::optional<Asked> parse_request(std::string_view json);
    void hear_request(std::string_view json);
    void attempt(const std::function<std::string()>& step);
    void require_own(const Asked& asked) const;
    std::string take(const Asked& asked);
    std::string hold(const Asked& asked);
    void before_line(std::string_view line);
    void after_line(std::string_view line);
    void settle();
    Tracker settled() const;
    std::string begin(const std::vector<Member>& party, int player);
    std::array<std::uint8_t, kTeamSize> order_of(const std::vector<Member>& party) const;
    void follow(const std::vector<Member>& party);

    Knowledge knowledge_{};
    Estimates estimates_{};
    int player_;
    Order order_;
    std::optional<Asked> held_;  // a request before its lines
    bool due_ = false;           // it is held and its lines have come
    bool ready_ = false;
    std::string players_[2];            // names
    int sizes_[2] = {0, 0};             // of the parties, from |teamsize|
    std::vector<std::string> waiting_;  // lines before the first request
    std::size_t waiting_bytes_ = 0;
    std::vector<std::string> names_;    // of the own Pokemon, by index
    std::vector<std::vector<int>> start_pp_;
};

}  // namespace gen1
