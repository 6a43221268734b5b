#include "widgets/historydialog.h"

#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/diffview.h"

#include <QHBoxLayout>
#include <QListWidget>
#include <QVBoxLayout>

namespace llmcache::ui {

HistoryDialog::HistoryDialog(const Theme* theme, const QString& restoreText, QWidget* parent)
    : QDialog(parent)
    , m_column(new QVBoxLayout(this))
    , m_list(new QListWidget)
    , m_diff(new DiffView(theme))
    , m_restore(primaryButton(restoreText))
{
    constexpr int listWidth = 250;
    resize(900, 560);
    m_list->setProperty("nav", true);
    m_list->setFixedWidth(listWidth);
    m_list->setFont(textFont());
    auto* const row = new QHBoxLayout;
    row->setSpacing(12);
    row->addWidget(m_list);
    row->addWidget(m_diff, 1);
    auto* const bottom = new QHBoxLayout;
    bottom->addStretch(1);
    bottom->addWidget(m_restore);
    m_column->setContentsMargins(16, 14, 16, 14);
    m_column->setSpacing(12);
    m_column->addLayout(row, 1);
    m_column->addLayout(bottom);
    connect(m_list, &QListWidget::currentRowChanged, this, [this](int chosen) { showDifferences(chosen); });
    connect(m_restore, &QPushButton::clicked, this, [this] {
        restore(static_cast<std::size_t>(m_list->currentRow()));
        accept();
    });
}

void HistoryDialog::addLine(const QString& text, const QString& toolTip)
{
    constexpr int rowHeight = 32;
    auto* const item = new QListWidgetItem(text, m_list);
    item->setToolTip(toolTip);
    item->setSizeHint(QSize(0, rowHeight));
}

} // namespace llmcache::ui
