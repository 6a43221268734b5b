#include "cache/usagepane.h"

#include "cache/valuetext.h"
#include "widgets/controls.h"
#include "widgets/format.h"

#include <QGridLayout>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

constexpr qint64 million = 1'000'000;

QString perMillion(const PriceLine& line)
{
    return QLatin1Char('$') + (line.each * million).toDecimal();
}

} // namespace

QString arithmetic(const Quote& quote)
{
    if (!quote.total || quote.lines.empty())
        return {};
    QStringList parts;
    for (const PriceLine& line : quote.lines)
        parts << QStringLiteral("%1 × %2").arg(format::count(line.count), perMillion(line));
    return UsagePane::tr("%1 per million").arg(parts.join(QStringLiteral(" + ")));
}

UsagePane::UsagePane(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_lines(new QWidget(this))
    , m_source(makeLabel({}, Tone::Secondary, TextSize::Small, QFont::Normal, this))
    , m_rawLabel(fieldLabel(tr("As the provider reported it"), nullptr, this))
    , m_raw(new ValueText(theme, tr("Usage as the provider reported it"), this))
{
    m_source->setWordWrap(true);
    m_source->setObjectName(QStringLiteral("priceSource"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(m_lines);
    layout->addWidget(m_source);
    layout->addWidget(m_rawLabel);
    layout->addWidget(m_raw, 1);
    layout->addStretch(0);
}

void UsagePane::addCells(int row, const QStringList& cells, bool total)
{
    for (int column = 0; column < cells.size(); ++column) {
        auto* label = makeLabel(cells.at(column), column == 0 && !total ? Tone::Secondary : Tone::Normal,
            TextSize::Body, total ? QFont::DemiBold : QFont::Normal, m_lines);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
        m_grid->addWidget(label, row, column, column == 0 ? Qt::AlignLeft : Qt::AlignRight);
    }
    m_grid->setRowMinimumHeight(row, 24);
}

void UsagePane::removeLines()
{
    qDeleteAll(m_lines->findChildren<QLabel*>(QString(), Qt::FindDirectChildrenOnly));
    delete m_lines->layout();
    m_grid = nullptr;
}

void UsagePane::clear()
{
    removeLines();
    m_source->clear();
    setRawUsage({});
}

void UsagePane::show(const Entry& entry, const Quote& quote)
{
    removeLines();
    m_grid = new QGridLayout(m_lines);
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setVerticalSpacing(0);
    m_grid->setHorizontalSpacing(16);
    m_grid->setColumnStretch(0, 1);
    int row = 0;
    if (quote.total) {
        for (const PriceLine& line : quote.lines)
            addCells(row++,
                {line.bucket.left(1).toUpper() + line.bucket.mid(1), format::count(line.count),
                    QStringLiteral("× ") + perMillion(line), QLatin1Char('$') + line.amount.toDecimal()},
                false);
        addCells(row++, {tr("Total"), {}, {}, QLatin1Char('$') + quote.total->toDecimal()}, true);
    } else {
        addCells(row++, {tr("Input tokens"), format::count(entry.usage.inputTokens)}, false);
        addCells(row++, {tr("Output tokens"), format::count(entry.usage.outputTokens)}, false);
    }
    if (entry.usage.reasoningTokens > 0)
        addCells(row++, {tr("Reasoning (in output)"), format::count(entry.usage.reasoningTokens)}, false);

    QStringList notes;
    if (!quote.total)
        notes << tr("Unpriced: %1").arg(quote.problem);
    else
        notes << tr("Price of %1 per million tokens: %2.").arg(quote.matchedModel, quote.source);
    if (entry.meta.cost != quote.total && entry.meta.cost)
        notes << tr("Stored with a cost of %1%2.")
                     .arg(QLatin1Char('$') + entry.meta.cost->toDecimal(),
                         entry.costSource.isEmpty() ? QString() : tr(" from %1").arg(entry.costSource));
    else if (entry.meta.cost != quote.total)
        notes << tr("It was stored as unpriced.");
    m_source->setText(notes.join(QLatin1Char(' ')));
}

void UsagePane::setRawUsage(const QString& text)
{
    m_rawLabel->setVisible(!text.isEmpty());
    m_raw->setVisible(!text.isEmpty());
    m_raw->setText(text, Syntax::Json);
}

} // namespace llmcache::ui
