#include "store/filterparser.h"

#include <array>

namespace llmcache {

namespace {

using Field = FilterTerm::Field;
using Property = FilterTerm::Property;

constexpr qsizetype longestFilter = 4096;
constexpr int deepestNesting = 64;

struct FieldName {
    QLatin1String name;
    Field field;
};
constexpr std::array fields{
    FieldName{QLatin1String("age"), Field::Age},
    FieldName{QLatin1String("agent"), Field::Agent},
    FieldName{QLatin1String("author"), Field::Author},
    FieldName{QLatin1String("cost"), Field::Cost},
    FieldName{QLatin1String("created"), Field::Created},
    FieldName{QLatin1String("fingerprint"), Field::Fingerprint},
    FieldName{QLatin1String("hits"), Field::Hits},
    FieldName{QLatin1String("is"), Field::Is},
    FieldName{QLatin1String("model"), Field::Model},
    FieldName{QLatin1String("saved"), Field::Saved},
    FieldName{QLatin1String("size"), Field::Size},
    FieldName{QLatin1String("tag"), Field::Tag},
    FieldName{QLatin1String("task"), Field::Task},
    FieldName{QLatin1String("text"), Field::Text},
    FieldName{QLatin1String("tokens"), Field::Tokens},
    FieldName{QLatin1String("ttl"), Field::Ttl},
    FieldName{QLatin1String("used"), Field::Used},
};

struct PropertyName {
    QLatin1String name;
    Property property;
};
constexpr std::array properties{
    PropertyName{QLatin1String("pinned"), Property::Pinned},
    PropertyName{QLatin1String("human"), Property::Human},
    PropertyName{QLatin1String("python"), Property::Python},
    PropertyName{QLatin1String("expired"), Property::Expired},
    PropertyName{QLatin1String("expired-soon"), Property::ExpiredSoon},
    PropertyName{QLatin1String("unpriced"), Property::Unpriced},
    PropertyName{QLatin1String("invalid"), Property::Invalid},
};

bool isLetter(QChar c)
{
    return (c >= QLatin1Char('a') && c <= QLatin1Char('z'))
        || (c >= QLatin1Char('A') && c <= QLatin1Char('Z'));
}

bool endsTerm(QChar c)
{
    return c.isSpace() || c == QLatin1Char('(') || c == QLatin1Char(')');
}

FilterNode group(FilterNode::Kind kind, std::vector<FilterNode> children)
{
    if (children.size() == 1)
        return std::move(children.front());
    FilterNode node;
    node.kind = kind;
    node.children = std::move(children);
    return node;
}

} // namespace

FilterParser::FilterParser(QString text, const QTimeZone& zone, qint64 nowMs)
    : m_text(std::move(text))
    , m_values(zone, nowMs)
{
}

QStringList FilterParser::fieldNames()
{
    QStringList names;
    for (const FieldName& entry : fields)
        names << entry.name;
    return names;
}

QStringList FilterParser::propertyNames()
{
    QStringList names;
    for (const PropertyName& entry : properties)
        names << entry.name;
    return names;
}

FilterNode FilterParser::parse()
{
    if (m_text.size() > longestFilter)
        throw FilterError(QStringLiteral("The filter is longer than %1 characters").arg(longestFilter),
            QStringLiteral("Use a shorter one."), longestFilter, m_text.size() - longestFilter);
    skipSpace();
    if (atEnd())
        return {};
    FilterNode root = parseAlternatives(0);
    if (!atEnd())
        throw FilterError(QStringLiteral("This closing parenthesis has no opening one"),
            QStringLiteral("Remove it, or put the text in quotes."), m_position, 1);
    return root;
}

FilterNode FilterParser::parseAlternatives(int depth)
{
    std::vector<FilterNode> alternatives;
    alternatives.push_back(parseConjunction(depth));
    while (atKeyword(QLatin1String("OR"))) {
        const qsizetype at = m_position;
        m_position += 2;
        skipSpace();
        if (atEnd() || current() == QLatin1Char(')') || atKeyword(QLatin1String("OR")))
            throw FilterError(QStringLiteral("Nothing follows OR"),
                QStringLiteral("Add a condition after it, or write \"OR\" in quotes to look for the word."),
                at, 2);
        alternatives.push_back(parseConjunction(depth));
    }
    return group(FilterNode::Kind::Any, std::move(alternatives));
}

FilterNode FilterParser::parseConjunction(int depth)
{
    std::vector<FilterNode> conditions;
    while (!atEnd() && current() != QLatin1Char(')')) {
        if (atKeyword(QLatin1String("OR"))) {
            if (conditions.empty())
                throw FilterError(QStringLiteral("Nothing stands before OR"),
                    QStringLiteral("Add a condition before it, or write \"OR\" in quotes to look for the "
                                   "word."),
                    m_position, 2);
            break;
        }
        conditions.push_back(parseUnary(depth));
        skipSpace();
    }
    return group(FilterNode::Kind::All, std::move(conditions));
}

FilterNode FilterParser::parseUnary(int depth)
{
    if (depth >= deepestNesting)
        throw FilterError(QStringLiteral("The filter is nested deeper than %1 levels").arg(deepestNesting),
            QStringLiteral("Use fewer parentheses and minus signs."), m_position, 1);
    if (current() == QLatin1Char('-')) {
        const qsizetype at = m_position++;
        if (atEnd() || current().isSpace() || current() == QLatin1Char(')'))
            throw FilterError(QStringLiteral("Nothing follows the minus sign"),
                QStringLiteral("Write what to leave out right after it, such as -draft."), at, 1);
        FilterNode negation;
        negation.kind = FilterNode::Kind::Not;
        negation.children.push_back(parseUnary(depth + 1));
        return negation;
    }
    if (current() == QLatin1Char('(')) {
        const qsizetype at = m_position++;
        skipSpace();
        if (!atEnd() && current() == QLatin1Char(')'))
            throw FilterError(QStringLiteral("There is nothing between these parentheses"),
                QStringLiteral("Put a condition there, or remove them."), at, m_position + 1 - at);
        if (atEnd())
            throw FilterError(QStringLiteral("This parenthesis is not closed"),
                QStringLiteral("Add a closing one at the end."), at, 1);
        FilterNode inner = parseAlternatives(depth + 1);
        if (atEnd())
            throw FilterError(QStringLiteral("This parenthesis is not closed"),
                QStringLiteral("Add a closing one at the end."), at, 1);
        ++m_position;
        return inner;
    }
    return parseTerm();
}

FilterNode FilterParser::parseTerm()
{
    const qsizetype start = m_position;
    FilterNode node;
    node.kind = FilterNode::Kind::Term;
    node.term.offset = start;

    qsizetype nameEnd = start;
    while (nameEnd < m_text.size() && isLetter(m_text.at(nameEnd)))
        ++nameEnd;
    m_position = nameEnd;
    const auto op = nameEnd > start ? takeOperator() : std::nullopt;
    if (!op) {
        m_position = start;
        const FilterValue value = takeValue();
        if (value.text.isEmpty())
            throw FilterError(QStringLiteral("There is nothing between these quotes"),
                QStringLiteral("Put the words to look for there, or remove them."), start, value.length);
        node.term.text = value.text;
        node.term.length = m_position - start;
        return node;
    }

    const QString name = m_text.mid(start, nameEnd - start).toLower();
    const auto* const known = std::find_if(
        fields.begin(), fields.end(), [&](const FieldName& entry) { return entry.name == name; });
    if (known == fields.end())
        throw FilterError(QStringLiteral("There is no filter called \"%1\"").arg(name),
            QStringLiteral("Use one of %1, or put the text in quotes to look for it.")
                .arg(fieldNames().join(QLatin1String(", "))),
            start, nameEnd - start);
    const FilterValue value = takeValue();
    if (value.text.isEmpty() && !value.quoted)
        throw FilterError(QStringLiteral("\"%1\" has no value").arg(m_text.mid(start, m_position - start)),
            QStringLiteral("Write it right behind, without a space."), start, m_position - start);
    node.term.field = known->field;
    node.term.length = m_position - start;
    if (known->field == Field::Is)
        setProperties(node, *op, value);
    else if (node.term.isText())
        setText(node.term, *op, value);
    else
        setNumbers(node.term, *op, name, value);
    return node;
}

void FilterParser::skipSpace()
{
    while (!atEnd() && current().isSpace())
        ++m_position;
}

bool FilterParser::atKeyword(QLatin1String word) const
{
    if (!QStringView(m_text).mid(m_position).startsWith(word))
        return false;
    const qsizetype end = m_position + word.size();
    return end == m_text.size() || endsTerm(m_text.at(end));
}

std::optional<FilterParser::Operator> FilterParser::takeOperator()
{
    if (atEnd())
        return std::nullopt;
    const bool orEqual = m_position + 1 < m_text.size() && m_text.at(m_position + 1) == QLatin1Char('=');
    switch (current().unicode()) {
    case ':':
        ++m_position;
        return Operator::Contains;
    case '=':
        ++m_position;
        return Operator::Equals;
    case '>':
        m_position += orEqual ? 2 : 1;
        return orEqual ? Operator::GreaterEqual : Operator::Greater;
    case '<':
        m_position += orEqual ? 2 : 1;
        return orEqual ? Operator::LessEqual : Operator::Less;
    default:
        return std::nullopt;
    }
}

FilterValue FilterParser::takeValue()
{
    FilterValue value;
    value.offset = m_position;
    if (!atEnd() && current() == QLatin1Char('"')) {
        value.quoted = true;
        value.text = takeQuoted();
    } else {
        while (!atEnd() && !endsTerm(current()))
            ++m_position;
        value.text = m_text.mid(value.offset, m_position - value.offset);
    }
    value.length = m_position - value.offset;
    return value;
}

QString FilterParser::takeQuoted()
{
    const qsizetype start = m_position++;
    QString text;
    while (!atEnd() && current() != QLatin1Char('"')) {
        if (current() == QLatin1Char('\\') && m_position + 1 < m_text.size())
            ++m_position;
        text += current();
        ++m_position;
    }
    if (atEnd())
        throw FilterError(QStringLiteral("This quote is not closed"),
            QStringLiteral("Add a closing quote, or write \\\" for a quote in the text."), start, 1);
    ++m_position;
    return text;
}

void FilterParser::setText(FilterTerm& term, Operator op, const FilterValue& value) const
{
    if (op != Operator::Contains && op != Operator::Equals)
        throw FilterError(QStringLiteral("Texts can't be compared by size"),
            QStringLiteral("Use \":\" for a part of the text or \"=\" for all of it."), term.offset,
            term.length);
    // Line breaks of a whole text count as spaces.
    term.text = term.field == Field::Text ? value.text.simplified() : value.text;
    term.match = op == Operator::Equals ? FilterTerm::Match::Equals : FilterTerm::Match::Contains;
    if (value.quoted || term.field == Field::Fingerprint)
        return;
    if (value.text == QLatin1String("any"))
        term.match = FilterTerm::Match::Any;
    else if (value.text == QLatin1String("none"))
        term.match = FilterTerm::Match::None;
}

void FilterParser::setProperties(FilterNode& node, Operator op, const FilterValue& value) const
{
    const FilterTerm whole = node.term;
    const QString choices = propertyNames().join(QLatin1String(", "));
    if (op != Operator::Contains && op != Operator::Equals)
        throw FilterError(QStringLiteral("\"is\" takes a word, not a comparison"),
            QStringLiteral("Write is: and one of %1.").arg(choices), whole.offset, whole.length);
    std::vector<FilterNode> alternatives;
    qsizetype offset = value.offset;
    for (const QString& word : value.text.split(QLatin1Char('|'))) {
        const auto* const known = std::find_if(properties.begin(), properties.end(),
            [&](const PropertyName& entry) { return word.compare(entry.name, Qt::CaseInsensitive) == 0; });
        if (known == properties.end())
            throw FilterError(QStringLiteral("\"is:\" does not know \"%1\"").arg(word),
                QStringLiteral("Use one of %1.").arg(choices), offset, std::max<qsizetype>(1, word.size()));
        FilterNode alternative;
        alternative.kind = FilterNode::Kind::Term;
        alternative.term = whole;
        alternative.term.property = known->property;
        alternatives.push_back(std::move(alternative));
        offset += word.size() + 1;
    }
    node = group(FilterNode::Kind::Any, std::move(alternatives));
}

void FilterParser::setNumbers(
    FilterTerm& term, Operator op, const QString& name, const FilterValue& value) const
{
    const auto between = value.text.indexOf(QLatin1String(".."));
    if (between >= 0) {
        if (op != Operator::Contains && op != Operator::Equals)
            throw FilterError(QStringLiteral("A range can't be compared by size"),
                QStringLiteral("Write %1:%2.").arg(name, value.text), term.offset, term.length);
        FilterValue from = value;
        from.text = value.text.left(between);
        from.length = between;
        FilterValue to = value;
        to.text = value.text.mid(between + 2);
        to.offset += between + 2;
        to.length -= between + 2;
        if (from.text.isEmpty() && to.text.isEmpty())
            throw FilterError(QStringLiteral("This range has no ends"),
                QStringLiteral("Write at least one, such as %1:1..").arg(name), value.offset, value.length);
        if (!from.text.isEmpty())
            term.low = m_values.span(term.field, from).low;
        if (!to.text.isEmpty())
            term.high = term.field == Field::Age || term.field == Field::Ttl
                ? m_values.span(term.field, to).low
                : m_values.span(term.field, to).high;
        if (term.low > term.high)
            throw FilterError(QStringLiteral("This range ends before it begins"),
                QStringLiteral("Write the smaller end first."), value.offset, value.length);
        return;
    }
    const FilterSpan values = m_values.span(term.field, value);
    // "age>3d" begins right after three days, though "age:3d" is any time of the third day.
    const bool exact = term.field == Field::Age || term.field == Field::Ttl;
    switch (op) {
    case Operator::Contains:
    case Operator::Equals:
        term.low = values.low;
        term.high = values.high;
        break;
    case Operator::Greater: {
        const qint64 last = exact ? values.low : values.high;
        if (last == FilterValues::unlimited)
            throw FilterError(QStringLiteral("Nothing is greater than that"),
                QStringLiteral("Write %1:%2.").arg(name, value.text), value.offset, value.length);
        term.low = last + 1;
        break;
    }
    case Operator::GreaterEqual:
        term.low = values.low;
        break;
    case Operator::Less:
        term.high = values.low - 1;
        break;
    case Operator::LessEqual:
        term.high = exact ? values.low : values.high;
        break;
    }
}

} // namespace llmcache
