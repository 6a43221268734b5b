#include "settings/priceimportpanel.h"

#include "cost/pricesource.h"
#include "settings/pricemodels.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/spinner.h"
#include "widgets/tablestyle.h"

#include <QCheckBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QScrollArea>
#include <QTableView>
#include <QTimer>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

constexpr int rowsShown = 8;
constexpr int notesHeight = 120;

} // namespace

PriceImportPanel::PriceImportPanel(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_source(new QLineEdit)
    , m_preview(secondaryButton(tr("Preview")))
    , m_leaveOut(new QCheckBox(tr("Leave out models with unknown fields or absurd prices")))
    , m_spinner(new Spinner(theme))
    , m_banner(new ErrorBanner(theme))
    , m_found(new QWidget)
    , m_summary(makeLabel({}))
    , m_table(new QTableView)
    , m_changes(new PriceChangesModel(this))
    , m_showNotes(flatButton({}))
    , m_notes(new QPlainTextEdit)
    , m_use(primaryButton(tr("Use these prices")))
{
    m_source->setObjectName(QStringLiteral("price source"));
    m_source->setPlaceholderText(tr("File, or https address"));
    m_preview->setObjectName(QStringLiteral("preview prices"));
    m_table->setObjectName(QStringLiteral("price changes"));
    m_use->setObjectName(QStringLiteral("use prices"));
    auto* browse = flatButton(tr("Choose…"));
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(m_source, 1);
    row->addWidget(browse);
    row->addWidget(m_spinner);
    row->addWidget(m_preview);
    auto* options = new QHBoxLayout;
    options->addWidget(m_leaveOut);
    options->addStretch();

    setUpTable(m_table, theme);
    m_table->setModel(m_changes);
    m_table->setAccessibleName(tr("Prices that would change"));
    m_table->setFixedHeight((rowsShown + 1) * theme->rowHeight() + 4);
    m_table->horizontalHeader()->setSectionResizeMode(PriceChangesModel::Model, QHeaderView::Stretch);
    for (const auto& [column, width] : {std::pair(PriceChangesModel::Price, 210),
             std::pair(PriceChangesModel::Before, 90), std::pair(PriceChangesModel::After, 90)})
        m_table->setColumnWidth(column, width);
    m_summary->setWordWrap(true);
    m_notes->setReadOnly(true);
    m_notes->setFixedHeight(notesHeight);
    m_notes->setAccessibleName(tr("Models that are left out"));
    m_notes->setTabChangesFocus(true);
    m_showNotes->setCheckable(true);
    auto* discard = secondaryButton(tr("Discard"));
    auto* actions = new QHBoxLayout;
    actions->setSpacing(8);
    actions->addWidget(m_showNotes);
    actions->addStretch();
    actions->addWidget(discard);
    actions->addWidget(m_use);
    auto* found = new QVBoxLayout(m_found);
    found->setContentsMargins(0, 0, 0, 0);
    found->setSpacing(8);
    found->addWidget(m_summary);
    found->addWidget(m_table);
    found->addWidget(m_notes);
    found->addLayout(actions);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addWidget(
        fieldLabel(tr("Another price table: genai-prices, LiteLLM, or the program's own form"), m_source));
    column->addLayout(row);
    column->addLayout(options);
    column->addWidget(m_banner);
    column->addWidget(m_found);

    connect(browse, &QPushButton::clicked, this, &PriceImportPanel::choose);
    connect(m_preview, &QPushButton::clicked, this, [this] {
        if (m_tasks.active() > 0)
            m_tasks.stop();
        else
            preview();
    });
    connect(m_source, &QLineEdit::returnPressed, this, &PriceImportPanel::preview);
    connect(m_source, &QLineEdit::textChanged, this, [this] {
        m_banner->clear();
        clearPreview();
        setBusy(false);
    });
    connect(m_leaveOut, &QCheckBox::toggled, this, [this] {
        if (m_found->isVisible() || m_banner->isVisible())
            preview();
    });
    connect(m_showNotes, &QPushButton::toggled, m_notes, &QWidget::setVisible);
    connect(discard, &QPushButton::clicked, this, &PriceImportPanel::reset);
    connect(m_use, &QPushButton::clicked, this, [this] { Q_EMIT tableChosen(m_newTable); });
    connect(&m_tasks, &TaskScope::activeChanged, this, &PriceImportPanel::activeTasksChanged);
    reset();
}

void PriceImportPanel::setCurrent(const PriceTable& current)
{
    m_current = current;
}

void PriceImportPanel::reset()
{
    m_tasks.drop();
    m_source->clear();
    m_banner->clear();
    clearPreview();
    setBusy(false);
}

void PriceImportPanel::choose()
{
    auto* dialog = new QFileDialog(this, tr("Price table"), {}, tr("JSON files (*.json);;All files (*)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        m_source->setText(path);
        preview();
    });
    dialog->open();
}

void PriceImportPanel::preview()
{
    const QString source = m_source->text().trimmed();
    if (source.isEmpty()) {
        m_source->setFocus();
        return;
    }
    m_banner->clear();
    clearPreview();
    setBusy(true);
    PriceImportOptions options;
    options.leaveOutDoubtful = m_leaveOut->isChecked();
    m_tasks.drop();
    m_tasks.run([source, current = m_current, options](
                    std::stop_token stop) { return importPricesFrom(source, current, options, stop); },
        [this](PriceImport imported) {
            setBusy(false);
            show(std::move(imported));
        },
        [this](const Failure& failure) {
            setBusy(false);
            if (!failure.cancelled())
                m_banner->showProblem(failure.message, failure.remedy);
        });
}

void PriceImportPanel::show(PriceImport imported)
{
    const QString read = tr("%1 table with %2.")
                             .arg(priceFormatName(imported.format),
                                 format::counted(imported.modelsRead, tr("model"), tr("models")));
    const bool changes = !imported.changes.empty();
    m_summary->setText(read + QLatin1Char(' ')
        + (changes ? tr("%1 new, %2 with other prices; dollars per million tokens, or per thousand requests.")
                         .arg(format::count(imported.modelsAdded), format::count(imported.modelsChanged))
                   : tr("Nothing would change.")));
    m_newTable = imported.table;
    m_changes->setChanges(std::move(imported.changes));
    m_table->setVisible(changes);
    m_use->setEnabled(changes);
    m_notes->setPlainText(imported.notes.join(QLatin1Char('\n')));
    m_showNotes->setText(tr("%1 left out").arg(format::count(imported.notes.size())));
    m_showNotes->setVisible(!imported.notes.isEmpty());
    m_found->show();
    // Once it is laid out: what to do with the preview may be below the edge of the page.
    QTimer::singleShot(0, this, &PriceImportPanel::scrollToActions);
}

void PriceImportPanel::scrollToActions()
{
    for (QWidget* parent = parentWidget(); parent; parent = parent->parentWidget()) {
        if (auto* page = qobject_cast<QScrollArea*>(parent)) {
            page->ensureWidgetVisible(m_use);
            return;
        }
    }
}

void PriceImportPanel::clearPreview()
{
    m_newTable.clear();
    m_changes->setChanges({});
    m_showNotes->setChecked(false);
    m_notes->hide();
    m_found->hide();
}

void PriceImportPanel::setBusy(bool busy)
{
    m_spinner->setBusy(busy);
    m_preview->setText(busy ? tr("Cancel") : tr("Preview"));
}

} // namespace llmcache::ui
