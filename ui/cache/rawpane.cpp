#include "cache/rawpane.h"

#include "base/error.h"
#include "cache/factlist.h"
#include "cache/valuetext.h"
#include "store/entry.h"
#include "widgets/controls.h"
#include "widgets/format.h"
#include "widgets/hexview.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QStackedWidget>
#include <QStringDecoder>

namespace llmcache::ui {

namespace {

/// Text for people of a field that is JSON, packed or not; anything else as it is, where it is text.
QString fieldText(const QByteArray& bytes, bool* packed)
{
    QByteArray text = bytes;
    *packed = false;
    if (bytes.startsWith('z') || bytes.startsWith('j')) {
        try {
            text = unpackField(bytes);
            *packed = bytes.startsWith('z');
        } catch (const Error&) {
            // It only looks like one.
        }
    }
    if (const auto json = tryParseJson(text))
        return QString::fromUtf8(toPrettyJsonText(*json));
    QStringDecoder decoder(QStringDecoder::Utf8);
    const QString decoded = decoder(text);
    return decoder.hasError() || text.contains('\0') ? QString() : decoded;
}

} // namespace

std::vector<RawFieldText> rawFieldTexts(const RawEntry& raw)
{
    std::vector<RawFieldText> fields;
    for (const RawEntry::Field& field : raw.fields) {
        RawFieldText shown;
        bool packed = false;
        shown.text = fieldText(field.bytes, &packed);
        shown.bytes = field.bytes;
        shown.title =
            QStringLiteral("%1 · %2%3")
                .arg(field.name.isEmpty() ? RawPane::tr("value") : field.name,
                    format::bytes(field.bytes.size()), packed ? QStringLiteral(" zstd") : QString());
        fields.push_back(std::move(shown));
    }
    return fields;
}

RawPane::RawPane(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_facts(new FactList(this))
    , m_problem(makeLabel({}, Tone::Error, TextSize::Body, QFont::Normal, this))
    , m_field(new QComboBox(this))
    , m_forms(new SegmentedControl(this))
    , m_pages(new QStackedWidget(this))
    , m_text(new ValueText(theme, tr("Stored value"), m_pages))
    , m_hex(new HexView(theme, m_pages))
{
    m_facts->setObjectName(QStringLiteral("rawFacts"));
    m_facts->addLine(tr("Key"), true);
    m_facts->addLine(tr("Type"));
    m_facts->addLine(tr("Expires"));
    m_facts->addLine(tr("Bytes"));
    m_problem->setWordWrap(true);
    m_problem->hide();
    m_field->setObjectName(QStringLiteral("rawField"));
    m_field->setAccessibleName(tr("Field of the stored value"));
    m_forms->setObjectName(QStringLiteral("rawForms"));
    m_forms->addSegment(tr("Text"));
    m_forms->addSegment(tr("Hex"));
    m_text->setObjectName(QStringLiteral("rawText"));
    m_hex->setObjectName(QStringLiteral("rawHex"));
    m_hex->setAccessibleName(tr("Stored bytes in hexadecimal"));
    m_pages->addWidget(m_text);
    m_pages->addWidget(m_hex);
    auto* chooser = new QHBoxLayout;
    chooser->setSpacing(8);
    chooser->addWidget(m_field, 1);
    chooser->addWidget(m_forms);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 4, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(m_facts);
    layout->addWidget(m_problem);
    layout->addLayout(chooser);
    layout->addWidget(m_pages, 1);
    connect(m_field, &QComboBox::currentIndexChanged, this, [this] {
        m_chosen = m_field->currentData().toString();
        refresh();
    });
    connect(m_forms, &SegmentedControl::currentChanged, this, &RawPane::refresh);
    clear();
}

void RawPane::clear()
{
    m_whole.clear();
    m_fields.clear();
    m_hex->setBytes({});
    m_problem->hide();
    for (int fact = KeyFact; fact <= BytesFact; ++fact)
        m_facts->setLine(fact, {});
    const QSignalBlocker quiet(m_field);
    m_field->clear();
    m_field->addItem(tr("Whole entry as JSON"));
    refresh();
}

void RawPane::setWhole(const QString& whole)
{
    m_whole = whole;
    refresh();
}

void RawPane::showProblem(const QString& problem)
{
    m_problem->setText(problem);
    m_problem->show();
}

void RawPane::show(const RawEntry& raw, std::vector<RawFieldText> fields, qint64 nowMs)
{
    m_problem->hide();
    m_facts->setLine(KeyFact, raw.key);
    m_facts->setLine(
        TypeFact, raw.type, raw.encoding.isEmpty() ? QString() : tr("encoding %1").arg(raw.encoding));
    if (raw.expiresMs)
        m_facts->setLine(ExpiresFact, format::fullTime(*raw.expiresMs),
            tr("%1 ms left").arg(format::count(std::max<qint64>(0, *raw.expiresMs - nowMs))));
    else
        m_facts->setLine(ExpiresFact, tr("never"));
    m_facts->setLine(BytesFact, format::count(raw.valueBytes()),
        raw.memoryBytes >= 0 ? tr("%1 in the server's memory").arg(format::count(raw.memoryBytes))
                             : QString());
    m_fields = std::move(fields);
    {
        const QSignalBlocker quiet(m_field);
        while (m_field->count() > 1)
            m_field->removeItem(1);
        for (std::size_t at = 0; at < m_fields.size(); ++at)
            m_field->addItem(m_fields[at].title, raw.fields.at(at).name);
        m_field->setCurrentIndex(std::max(0, m_chosen.isEmpty() ? 0 : m_field->findData(m_chosen)));
    }
    refresh();
}

void RawPane::refresh()
{
    const int at = m_field->currentIndex() - 1;
    const bool isWhole = at < 0 || at >= static_cast<int>(m_fields.size());
    m_forms->setEnabled(!isWhole);
    if (isWhole) {
        m_text->setText(m_whole, Syntax::Json);
        m_pages->setCurrentWidget(m_text);
        return;
    }
    const RawFieldText& field = m_fields[static_cast<std::size_t>(at)];
    const bool isHex = m_forms->currentIndex() == 1 || (field.text.isEmpty() && !field.bytes.isEmpty());
    if (isHex)
        m_hex->setBytes(field.bytes);
    else
        m_text->setText(field.text, Syntax::Json);
    m_pages->setCurrentWidget(isHex ? static_cast<QWidget*>(m_hex) : m_text);
}

} // namespace llmcache::ui
