#pragma once

#include "store/filtervalues.h"

namespace llmcache {

/// Recursive descent over the text of a filter. Used once, by EntryFilter::parse.
class FilterParser {
public:
    FilterParser(QString text, const QTimeZone& zone, qint64 nowMs);
    /// Throws FilterError.
    FilterNode parse();

    static QStringList fieldNames();
    static QStringList propertyNames();

private:
    enum class Operator { Contains, Equals, Greater, GreaterEqual, Less, LessEqual };

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
    FilterValue takeValue();
    QString takeQuoted();

    void setText(FilterTerm& term, Operator op, const FilterValue& value) const;
    void setProperties(FilterNode& node, Operator op, const FilterValue& value) const;
    void setNumbers(FilterTerm& term, Operator op, const QString& name, const FilterValue& value) const;

    QString m_text;
    FilterValues m_values;
    qsizetype m_position = 0;
};

} // namespace llmcache
