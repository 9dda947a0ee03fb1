// Strongly connected components of a graph.
#pragma once

#include <algorithm>
#include <vector>

namespace gen1 {

// Tarjan's algorithm (1972) without recursion; `found` is in the order of backward induction.
class Components {
  public:
    Components(const std::vector<std::vector<int>>& edges) : edges_(edges), number_(edges.size(), -1), low_(edges.size()), held_(edges.size()) {
        for (int root = 0; root < static_cast<int>(edges.size()); ++root)
            if (number_[root] < 0) visit(root);
    }
    std::vector<std::vector<int>> found;

  private:
    void visit(int root) {
        std::vector<std::pair<int, std::size_t>> path;
        enter(root, path);
        while (!path.empty()) {
            const int at = path.back().first;
            if (path.back().second < edges_[at].size()) {
                const int to = edges_[at][path.back().second++];
                if (number_[to] < 0) enter(to, path);
                else if (held_[to]) low_[at] = std::min(low_[at], number_[to]);
                continue;
            }
            path.pop_back();
            if (!path.empty()) low_[path.back().first] = std::min(low_[path.back().first], low_[at]);
            if (low_[at] == number_[at]) close(at);
        }
    }

    void enter(int at, std::vector<std::pair<int, std::size_t>>& path) {
        number_[at] = low_[at] = count_++;
        held_[at] = 1;
        stack_.push_back(at);
        path.push_back({at, 0});
    }

    void close(int at) {
        found.emplace_back();
        int top;
        do {
            top = stack_.back();
            stack_.pop_back();
            held_[top] = 0;
            found.back().push_back(top);
        } while (top != at);
    }

    const std::vector<std::vector<int>>& edges_;
    std::vector<int> number_, low_;
    std::vector<char> held_;
    std::vector<int> stack_;
    int count_ = 0;
};

}  // namespace gen1
