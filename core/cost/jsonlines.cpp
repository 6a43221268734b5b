#include "cost/jsonlines.h"

#include "base/json.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace llmcache::price {

namespace {

/// Tells the handler how far the parser has read.
class CountingIterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, const char** furthest)
        : m_at(at)
        , m_furthest(furthest)
    {
    }
    const char& operator*() const { return *m_at; }
    CountingIterator& operator++()
    {
        ++m_at;
        *m_furthest = m_at;
        return *this;
    }
    CountingIterator operator++(int)
    {
        CountingIterator before = *this;
        ++*this;
        return before;
    }
    friend bool operator==(const CountingIterator& a, const CountingIterator& b) { return a.m_at == b.m_at; }
    friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return a.m_at != b.m_at; }

private:
    const char* m_at;
    const char** m_furthest;
};

/// Follows the parser with a path; calls visit() at every value and key.
class Walker : public nlohmann::json_sax<Json> {
public:
    bool null() override { return value(); }
    bool boolean(bool) override { return value(); }
    bool number_integer(number_integer_t) override { return value(); }
    bool number_unsigned(number_unsigned_t) override { return value(); }
    bool number_float(number_float_t, const string_t&) override { return value(); }
    bool string(string_t&) override { return value(); }
    bool binary(binary_t&) override { return value(); }
    bool start_array(std::size_t) override
    {
        if (!value())
            return false;
        m_levels.push_back({true, -1, {}, {}});
        return true;
    }
    bool end_array() override
    {
        m_levels.pop_back();
        return true;
    }
    bool start_object(std::size_t) override
    {
        if (!value())
            return false;
        m_levels.push_back({false, 0, {}, {}});
        return true;
    }
    bool key(string_t& name) override
    {
        Level& level = m_levels.back();
        if (!level.seen.insert(name).second && !duplicate(toQString(name)))
            return false;
        level.key = name;
        return true;
    }
    bool end_object() override
    {
        m_levels.pop_back();
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override
    {
        return false;
    }

protected:
    struct Level {
        bool isArray = false;
        int index = 0;
        std::string key;
        std::set<std::string> seen;
    };

    virtual bool visit(const std::vector<Level>& path) = 0;
    virtual bool duplicate(const QString& name) = 0;

private:
    bool value()
    {
        if (!m_levels.empty() && m_levels.back().isArray)
            ++m_levels.back().index;
        return visit(m_levels);
    }

    std::vector<Level> m_levels;
};

class DuplicateFinder final : public Walker {
public:
    std::optional<QString> found;

protected:
    bool visit(const std::vector<Level>&) override { return true; }
    bool duplicate(const QString& name) override
    {
        found = name;
        return false;
    }
};

class PathFinder final : public Walker {
public:
    PathFinder(const QStringList& path, const char* const* furthest)
        : m_path(path)
        , m_furthest(furthest)
    {
    }
    const char* found = nullptr;

protected:
    bool visit(const std::vector<Level>& levels) override
    {
        const auto depth = static_cast<qsizetype>(levels.size());
        if (depth == 0 || depth > m_path.size() || depth <= m_depth)
            return true;
        for (qsizetype i = 0; i < depth; ++i) {
            const Level& level = levels[static_cast<std::size_t>(i)];
            const QString name = level.isArray ? QString::number(level.index) : toQString(level.key);
            if (name != m_path.at(i))
                return true;
        }
        m_depth = depth;
        found = *m_furthest;
        return m_depth < m_path.size();
    }
    bool duplicate(const QString&) override { return true; }

private:
    const QStringList& m_path;
    const char* const* m_furthest;
    qsizetype m_depth = 0;
};

qint64 lineAt(const QByteArray& json, const char* position)
{
    return std::count(json.constData(), position, '\n') + 1;
}

template <typename Finder>
void run(const QByteArray& json, const char** furthest, Finder& finder)
{
    const char* begin = json.constData();
    Json::sax_parse(
        CountingIterator(begin, furthest), CountingIterator(begin + json.size(), furthest), &finder);
}

} // namespace

std::optional<DuplicateKey> duplicateKey(const QByteArray& json)
{
    const char* furthest = json.constData();
    DuplicateFinder finder;
    run(json, &furthest, finder);
    if (!finder.found)
        return std::nullopt;
    return DuplicateKey{*finder.found, lineAt(json, furthest)};
}

qint64 lineOfPath(const QByteArray& json, const QStringList& path)
{
    const char* furthest = json.constData();
    PathFinder finder(path, &furthest);
    run(json, &furthest, finder);
    if (!finder.found)
        return 0;
    // A number is only over when the character after it has been read, and that may be a line feed.
    const char* at = finder.found;
    while (at > json.constData() && (at[-1] == '\n' || at[-1] == '\r' || at[-1] == ' '))
        --at;
    return lineAt(json, at);
}

} // namespace llmcache::price
