#include "interop/picklesummary.h"

#include "interop/pickleviews.h"
#include "interop/pythondump.h"

#include <algorithm>

namespace llmcache {

namespace {

QString escapedCode(uint code)
{
    if (code < 0x100)
        return QStringLiteral("\\x%1").arg(code, 2, 16, QLatin1Char('0'));
    if (code < 0x10000)
        return QStringLiteral("\\u%1").arg(code, 4, 16, QLatin1Char('0'));
    return QStringLiteral("\\U%1").arg(code, 8, 16, QLatin1Char('0'));
}

bool isPrintable(uint code)
{
    if (code == ' ')
        return true;
    switch (QChar::category(code)) {
    case QChar::Other_Control:
    case QChar::Other_Format:
    case QChar::Other_Surrogate:
    case QChar::Other_PrivateUse:
    case QChar::Other_NotAssigned:
    case QChar::Separator_Space:
    case QChar::Separator_Line:
    case QChar::Separator_Paragraph:
        return false;
    default:
        return true;
    }
}

QString escaped(uint code, QChar quote)
{
    switch (code) {
    case '\\':
        return QStringLiteral("\\\\");
    case '\n':
        return QStringLiteral("\\n");
    case '\r':
        return QStringLiteral("\\r");
    case '\t':
        return QStringLiteral("\\t");
    default:
        break;
    }
    if (code == quote.unicode())
        return QLatin1Char('\\') + quote;
    if (!isPrintable(code))
        return escapedCode(code);
    const auto text = QChar::fromUcs4(code);
    return QStringView(text).toString();
}

/// Python takes double quotes for a text with an apostrophe, unless both are in it.
QChar quoteFor(bool hasSingle, bool hasDouble)
{
    return QLatin1Char(hasSingle && !hasDouble ? '"' : '\'');
}

class Summary {
public:
    explicit Summary(qsizetype maxLength)
        : m_maxLength(maxLength)
    {
    }

    QString finish()
    {
        if (m_text.size() > m_maxLength) {
            qsizetype size = std::max<qsizetype>(m_maxLength - 1, 0);
            if (size > 0 && m_text.at(size - 1).isHighSurrogate())
                --size;
            m_text.truncate(size);
            m_text += QChar(u'…');
        }
        return std::move(m_text);
    }

    void add(const PickleValue& value)
    {
        if (isFull())
            return;
        if (value.isAtom()) {
            addAtom(value);
            return;
        }
        constexpr std::size_t deepest = 64;
        if (m_way.size() == deepest || std::find(m_way.begin(), m_way.end(), value.id()) != m_way.end()) {
            m_text += QStringLiteral("...");
            return;
        }
        m_way.push_back(value.id());
        addCompound(value);
        m_way.pop_back();
    }

private:
    bool isFull() const { return m_text.size() > m_maxLength; }
    /// What may still be of use of a long text.
    qsizetype rest() const { return std::max<qsizetype>(m_maxLength - m_text.size() + 1, 1); }

    void addText(QStringView text) { m_text += pythonTextLiteral(text.first(std::min(text.size(), rest()))); }

    void addAtom(const PickleValue& value)
    {
        switch (value.kind()) {
        case PickleKind::None:
            m_text += QStringLiteral("None");
            break;
        case PickleKind::Bool:
            m_text += value.toBool() ? QStringLiteral("True") : QStringLiteral("False");
            break;
        case PickleKind::Int:
            m_text += value.integerText();
            break;
        case PickleKind::Float:
            m_text += QString::fromLatin1(pythonFloatText(value.toDouble()));
            break;
        case PickleKind::Str: {
            // Of a very long text only its beginning is decoded; where that cuts a character does not show.
            const QByteArrayView view = value.utf8();
            const qsizetype bytes = 4 * rest();
            addText(view.size() <= bytes ? value.text() : QString::fromUtf8(view.first(bytes)));
            break;
        }
        case PickleKind::ByteArray:
            m_text += QStringLiteral("bytearray(");
            addBytes(value.bytes());
            m_text += QLatin1Char(')');
            break;
        default:
            addBytes(value.bytes());
        }
    }
    void addBytes(QByteArrayView bytes)
    {
        m_text += pythonBytesLiteral(bytes.first(std::min(bytes.size(), rest())));
    }

    template <typename Items, typename Add>
    void addList(const Items& items, Add add)
    {
        bool isFirst = true;
        for (const auto& item : items) {
            if (isFull())
                return;
            if (!isFirst)
                m_text += QStringLiteral(", ");
            isFirst = false;
            add(item);
        }
    }
    void addItems(QChar open, const std::vector<PickleValue>& items, QChar close)
    {
        m_text += open;
        addList(items, [this](const PickleValue& item) { add(item); });
        m_text += close;
    }
    void addEntries(const std::vector<PythonEntry>& entries)
    {
        m_text += QLatin1Char('{');
        addList(entries, [this](const PythonEntry& entry) {
            add(entry.key);
            m_text += QStringLiteral(": ");
            add(entry.value);
        });
        m_text += QLatin1Char('}');
    }
    void addFields(const PickleValue& value)
    {
        std::vector<PythonEntry> fields = pythonFields(value);
        if (const PickleValue extra = pydanticParts(value).extra; extra.is(PickleKind::Dict)) {
            for (const PythonEntry& entry : pythonEntries(extra))
                fields.push_back(entry);
        }
        m_text += shortClassName(value) + QLatin1Char('(');
        addList(fields, [this](const PythonEntry& field) {
            if (field.key.is(PickleKind::Str))
                m_text += visibleText(field.key.text());
            else
                add(field.key);
            m_text += QLatin1Char('=');
            add(field.value);
        });
        m_text += QLatin1Char(')');
    }
    void addCall(const QString& name, const QString& text)
    {
        m_text += name + QLatin1Char('(');
        addText(text);
        m_text += QLatin1Char(')');
    }
    static QString visibleText(const QString& text)
    {
        const QString literal = pythonTextLiteral(text);
        return literal.mid(1, literal.size() - 2);
    }

    void addPlain(const PickleValue& value)
    {
        switch (value.kind()) {
        case PickleKind::Tuple:
            m_text += QLatin1Char('(');
            addList(pythonItems(value), [this](const PickleValue& item) { add(item); });
            m_text += value.size() == 1 ? QStringLiteral(",)") : QStringLiteral(")");
            break;
        case PickleKind::List:
            addItems(QLatin1Char('['), pythonItems(value), QLatin1Char(']'));
            break;
        case PickleKind::Dict:
            addEntries(pythonEntries(value));
            break;
        case PickleKind::Set:
            if (value.size() == 0)
                m_text += QStringLiteral("set()");
            else
                addItems(QLatin1Char('{'), pythonItems(value), QLatin1Char('}'));
            break;
        case PickleKind::FrozenSet:
            m_text += QStringLiteral("frozenset(");
            if (value.size() > 0)
                addItems(QLatin1Char('{'), pythonItems(value), QLatin1Char('}'));
            m_text += QLatin1Char(')');
            break;
        case PickleKind::Global:
            m_text += visibleText(value.classPath());
            break;
        case PickleKind::Persistent:
            m_text += QStringLiteral("<persistent ");
            add(value.item(0));
            m_text += QLatin1Char('>');
            break;
        case PickleKind::Extension:
            m_text += QStringLiteral("<extension %1>").arg(value.extensionCode());
            break;
        default:
            break;
        }
    }

    void addCompound(const PickleValue& value)
    {
        switch (pythonType(value)) {
        case PythonType::Plain:
            addPlain(value);
            break;
        case PythonType::Model:
        case PythonType::RootModel:
        case PythonType::Attributes:
            addFields(value);
            break;
        case PythonType::DateTime:
        case PythonType::Date:
        case PythonType::Time:
            addCall(shortClassName(value), isoText(*pythonMoment(value)));
            break;
        case PythonType::TimeDelta:
            addCall(shortClassName(value), isoText(*pythonTimeDelta(value)));
            break;
        case PythonType::Uuid:
            addCall(shortClassName(value), *pythonUuid(value));
            break;
        case PythonType::Secret:
            addCall(shortClassName(value), QStringLiteral("**********"));
            break;
        case PythonType::Bytes:
            addBytes(*pythonBytes(value));
            break;
        case PythonType::ByteArray:
            m_text += QStringLiteral("bytearray(");
            addBytes(*pythonBytes(value));
            m_text += QLatin1Char(')');
            break;
        case PythonType::EnumName:
            m_text += visibleText(value.arguments().item(0).classPath()) + QLatin1Char('.')
                + visibleText(value.arguments().item(1).text());
            break;
        case PythonType::Enum:
        case PythonType::Decimal:
        case PythonType::Wrapped:
        case PythonType::Url:
        case PythonType::Address:
            m_text += shortClassName(value) + QLatin1Char('(');
            add(pythonInner(value));
            m_text += QLatin1Char(')');
            break;
        case PythonType::Set:
            addItems(QLatin1Char('{'), pythonItems(value), QLatin1Char('}'));
            break;
        case PythonType::FrozenSet:
            m_text += QStringLiteral("frozenset(");
            addItems(QLatin1Char('{'), pythonItems(value), QLatin1Char('}'));
            m_text += QLatin1Char(')');
            break;
        case PythonType::Sequence:
            m_text += shortClassName(value) + QLatin1Char('(');
            addItems(QLatin1Char('['), pythonItems(value), QLatin1Char(']'));
            m_text += QLatin1Char(')');
            break;
        case PythonType::Mapping:
            m_text += shortClassName(value) + QLatin1Char('(');
            addEntries(pythonEntries(value));
            m_text += QLatin1Char(')');
            break;
        default:
            addOther(value);
        }
    }
    /// In full, as it may be anything: what would be called with what.
    void addOther(const PickleValue& value)
    {
        add(value.classOf());
        addItems(QLatin1Char('('), pythonItems(value.arguments()), QLatin1Char(')'));
        if (const PickleValue state = value.state(); !state.isNull()) {
            m_text += QStringLiteral(" with ");
            add(state);
        }
    }

    QString m_text;
    qsizetype m_maxLength;
    std::vector<quint32> m_way; ///< what is being written, from the outside in
};

} // namespace

QString pickleSummary(const PickleValue& value, qsizetype maxLength)
{
    Summary summary(maxLength);
    summary.add(value);
    return summary.finish();
}

QString pythonTextLiteral(QStringView text)
{
    const QChar quote = quoteFor(text.contains(QLatin1Char('\'')), text.contains(QLatin1Char('"')));
    QString literal(quote);
    for (qsizetype at = 0; at < text.size(); ++at) {
        uint code = text[at].unicode();
        if (text[at].isHighSurrogate() && at + 1 < text.size() && text[at + 1].isLowSurrogate())
            code = QChar::surrogateToUcs4(text[at], text[at + 1]), ++at;
        literal += escaped(code, quote);
    }
    return literal + quote;
}

QString pythonBytesLiteral(QByteArrayView bytes)
{
    const QChar quote = quoteFor(bytes.contains('\''), bytes.contains('"'));
    QString literal = QLatin1Char('b') + QString(quote);
    for (const char c : bytes) {
        const uint code = static_cast<uchar>(c);
        literal += code < 0x7F ? escaped(code, quote) : escapedCode(code);
    }
    return literal + quote;
}

QString shortClassName(const PickleValue& value)
{
    const PickleValue made = value.is(PickleKind::Object) ? value.classOf() : value;
    if (!made.is(PickleKind::Global))
        return value.classPath();
    const QString name = QString::fromUtf8(made.qualifiedName());
    const QString last = name.mid(name.lastIndexOf(QLatin1Char('.')) + 1);
    const QString literal = pythonTextLiteral(last);
    return literal.mid(1, literal.size() - 2);
}

} // namespace llmcache
