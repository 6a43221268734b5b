#pragma once

#include "store/entryfilter.h"

namespace llmcache {

/// Recursive descent over the text of a filter. Used once, by EntryFilter::parse.
class FilterParser {
public:
    FilterParser(const QString& text, QTimeZone zone, qint64 nowMs);
    /// Throws FilterError.
    FilterNode parse();

    static QStringList fieldNames();
    static QStringList propertyNames();

private:
    enum class Operator { Contains, Equals, Greater, GreaterEqual, Less, LessEqual };
    struct Span {
        qint64 low = 0;
        qint64 high = 0;
    };
    struct Value {
        QString text;
        qsizetype offset = 0;
        qsizetype length = 0;
        bool quoted = false;
    };

    FilterNode parseAlternatives(int depth);
    FilterNode parseConjunction(int depth);
    FilterNode parseUnary(int depth);
    FilterNode parseTerm();

    void skipSpace();
    bool atEnd() const { return m_position >= m_text.size(); }
    QChar current() const { return m_text.at(m_position); }
    /// Whether the bare word `word` stands here.
    bool atKeyword(QLatin1String word) const;
    std::optional<Operator> takeOperator();
    Value takeValue();
    QString takeQuoted();

    void setText(FilterTerm& term, Operator op, const Value& value) const;
    void setProperties(FilterNode& node, Operator op, const Value& value) const;
    void setNumbers(FilterTerm& term, Operator op, const QString& name, const Value& value) const;
    /// The numbers that one written value stands for: a day is a span of time, a price a single number.
    Span span(FilterTerm::Field field, const Value& value) const;
    Span amount(const Value& value) const;
    Span count(const Value& value) const;
    Span byteCount(const Value& value) const;
    Span duration(const Value& value) const;
    Span date(const Value& value) const;

    QString m_text;
    QTimeZone m_zone;
    qint64 m_nowMs;
    qsizetype m_position = 0;
};

} // namespace llmcache
