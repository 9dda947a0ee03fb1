// A strict reader of JSON text from an untrusted source: the depth is bounded, and every error is a std::invalid_argument
// that gives the position. Only what Showdown's requests need: values are kept as text slices
// and read on demand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gen1::json {

class Value {
public:
    enum class Kind : uint8_t { null, boolean, number, string, array, object };

    Kind kind = Kind::null;
    bool truth = false;
    double number = 0;
    std::string text;                                     // string
    std::vector<Value> items;                             // array
    std::vector<std::pair<std::string, Value>> members;   // object, in order; of equal keys the last one is used

    // Defined where Value is complete: not every standard library can make a vector of pairs of an incomplete type.
    Value();
    Value(const Value&);
    Value(Value&&) noexcept;
    Value& operator=(const Value&);
    Value& operator=(Value&&) noexcept;
    ~Value();

    // The member `key` of an object; null if there is none or this is not an object.
    const Value& operator[](std::string_view key) const;
    bool is(Kind wanted) const { return kind == wanted; }
    // Truthiness as a client reads an optional flag: absent, null and false are false.
    bool flag() const { return kind == Kind::boolean && truth; }

    // The value as the requested type; `what` names it in the error.
    const std::string& as_string(std::string_view what) const;
    int as_int(std::string_view what, int low, int high) const;
    const std::vector<Value>& as_array(std::string_view what, size_t most) const;
};

// The one value that `text` holds. Throws std::invalid_argument on anything else, on more than `max_depth` levels, and on
// text that is not UTF-8.
Value parse(std::string_view text, int max_depth = 16);

// Whether `text` is valid UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

}  // namespace gen1::json
