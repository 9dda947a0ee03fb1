#include "json.hpp"

#include <charconv>
#include <cmath>
#include <stdexcept>

namespace gen1::json {
namespace {

class Parser {
public:
    Parser(std::string_view text, int max_depth) : text_(text), max_depth_(max_depth) {}

    Value document() {
        Value value = parse_value(0);
        skip_space();
        if (at_ != text_.size()) fail("more text after the value");
        return value;
    }

private:
    std::string_view text_;
    size_t at_ = 0;
    int max_depth_;

    [[noreturn]] void fail(const std::string& what) const {
        throw std::invalid_argument("bad JSON at byte " + std::to_string(at_) + ": " + what);
    }

    bool done() const { return at_ >= text_.size(); }

    void skip_space() {
        while (!done() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
    }

    void expect(char wanted) {
        if (done() || text_[at_] != wanted) fail(std::string("expected '") + wanted + "'");
        ++at_;
    }

    bool take(char wanted) {
        skip_space();
        if (done() || text_[at_] != wanted) return false;
        ++at_;
        return true;
    }

    Value parse_value(int depth) {
        if (depth > max_depth_) fail("nested too deep");
        skip_space();
        if (done()) fail("the text ends where a value is expected");
        switch (text_[at_]) {
            case '{': return parse_object(depth);
            case '[': return parse_array(depth);
            case '"': {
                Value value;
                value.kind = Value::Kind::string;
                value.text = parse_string();
                return value;
            }
            case 't': return word("true", Value::Kind::boolean, true);
            case 'f': return word("false", Value::Kind::boolean, false);
            case 'n': return word("null", Value::Kind::null, false);
            default: return parse_number();
        }
    }

    Value word(std::string_view literal, Value::Kind kind, bool truth) {
        if (text_.substr(at_, literal.size()) != literal) fail("unknown word");
        at_ += literal.size();
        Value value;
        value.kind = kind;
        value.truth = truth;
        return value;
    }

    Value parse_number() {
        Value value;
        value.kind = Value::Kind::number;
        const char* begin = text_.data() + at_;
        if (*begin != '-' && (*begin < '0' || *begin > '9')) fail("expected a value");
        const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value.number);
        if (error != std::errc() || !std::isfinite(value.number)) fail("expected a number");
        at_ += static_cast<size_t>(end - begin);
        return value;
    }

    Value parse_array(int depth) {
        Value value;
        value.kind = Value::Kind::array;
        expect('[');
        if (take(']')) return value;
        do value.items.push_back(parse_value(depth + 1));
        while (take(','));
        expect(']');
        return value;
    }

    Value parse_object(int depth) {
        Value value;
        value.kind = Value::Kind::object;
        expect('{');
        if (take('}')) return value;
        do {
            skip_space();
            std::string key = parse_string();
            skip_space();
            expect(':');
            value.members.emplace_back(std::move(key), parse_value(depth + 1));
        } while (take(','));
        expect('}');
        return value;
    }

    std::string parse_string() {
        expect('"');
        std::string result;
        for (;;) {
            if (done()) fail("a string without its end");
            const char c = text_[at_++];
            if (c == '"') return result;
            if (static_cast<unsigned char>(c) < 0x20) fail("a control character in a string");
            if (c == '\\') append_escape(result);
            else result.push_back(c);
        }
    }

    void append_escape(std::string& result) {
        if (done()) fail("a string without its end");
        const char c = text_[at_++];
        switch (c) {
            case '"': case '\\': case '/': result.push_back(c); return;
            case 'b': result.push_back('\b'); return;
            case 'f': result.push_back('\f'); return;
            case 'n': result.push_back('\n'); return;
            case 'r': result.push_back('\r'); return;
            case 't': result.push_back('\t'); return;
            case 'u': append_code_point(result, parse_code_point()); return;
            default: fail("unknown escape");
        }
    }

    uint32_t parse_hex4() {
        if (text_.size() - at_ < 4) fail("expected four hexadecimal digits");
        uint32_t value = 0;
        const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, value, 16);
        if (error != std::errc() || end != text_.data() + at_ + 4) fail("expected four hexadecimal digits");
        at_ += 4;
        return value;
    }

    uint32_t parse_code_point() {
        const uint32_t high = parse_hex4();
        if (high < 0xD800 || high > 0xDFFF) return high;
        if (high > 0xDBFF || text_.substr(at_, 2) != "\\u") fail("half of a surrogate pair");
        at_ += 2;
        const uint32_t low = parse_hex4();
        if (low < 0xDC00 || low > 0xDFFF) fail("half of a surrogate pair");
        return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    }

    static void append_code_point(std::string& result, uint32_t code) {
        const auto push = [&](uint32_t byte) { result.push_back(static_cast<char>(byte)); };
        if (code < 0x80) {
            push(code);
        } else if (code < 0x800) {
            push(0xC0 | code >> 6), push(0x80 | (code & 0x3F));
        } else if (code < 0x10000) {
            push(0xE0 | code >> 12), push(0x80 | (code >> 6 & 0x3F)), push(0x80 | (code & 0x3F));
        } else {
            push(0xF0 | code >> 18), push(0x80 | (code >> 12 & 0x3F));
            push(0x80 | (code >> 6 & 0x3F)), push(0x80 | (code & 0x3F));
        }
    }
};

[[noreturn]] void wrong(std::string_view what, const char* expected) {
    throw std::invalid_argument(std::string(what) + ": expected " + expected);
}

}  // namespace

bool is_utf8(std::string_view text) {
    size_t at = 0;
    while (at < text.size()) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const int more = lead < 0x80 ? 0 : lead >= 0xC2 && lead < 0xE0 ? 1 : lead >= 0xE0 && lead < 0xF0 ? 2
                         : lead >= 0xF0 && lead < 0xF5 ? 3 : -1;
        if (more < 0 || text.size() - at <= static_cast<size_t>(more)) return false;
        uint32_t code = more == 0 ? lead : lead & (0x3F >> more);
        for (int i = 1; i <= more; ++i) {
            const auto next = static_cast<unsigned char>(text[at + static_cast<size_t>(i)]);
            if ((next & 0xC0) != 0x80) return false;
            code = code << 6 | (next & 0x3F);
        }
        if ((more == 2 && code < 0x800) || (more == 3 && (code < 0x10000 || code > 0x10FFFF)) ||
            (code >= 0xD800 && code <= 0xDFFF))
            return false;
        at += static_cast<size_t>(more) + 1;
    }
    return true;
}

Value parse(std::string_view text, int max_depth) {
    if (!is_utf8(text)) throw std::invalid_argument("bad JSON: the text is not UTF-8");
    return Parser(text, max_depth).document();
}

Value::Value() = default;
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

const Value& Value::operator[](std::string_view key) const {
    static const Value null;
    const Value* found = &null;
    for (const auto& [name, value] : members)
        if (name == key) found = &value;
    return *found;
}

const std::string& Value::as_string(std::string_view what) const {
    if (kind != Kind::string) wrong(what, "a string");
    return text;
}

int Value::as_int(std::string_view what, int low, int high) const {
    if (kind != Kind::number || number != std::floor(number) || number < low || number > high)
        throw std::invalid_argument(std::string(what) + ": expected a whole number from " + std::to_string(low) + " to " +
                                    std::to_string(high));
    return static_cast<int>(number);
}

const std::vector<Value>& Value::as_array(std::string_view what, size_t most) const {
    if (kind != Kind::array || items.size() > most)
        throw std::invalid_argument(std::string(what) + ": expected a list of at most " + std::to_string(most));
    return items;
}

}  // namespace gen1::json
