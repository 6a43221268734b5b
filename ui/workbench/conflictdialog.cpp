#include "workbench/conflictdialog.h"

#include "agent/agentjson.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/diffview.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

namespace llmcache::ui {

ConflictDialog::ConflictDialog(
    const Theme* theme, const StoredAgent& theirs, const Agent& mine, QWidget* parent)
    : QDialog(parent)
{
    setObjectName(QStringLiteral("agent conflict"));
    setWindowTitle(tr("Two versions of %1").arg(theirs.agent.name));
    resize(QSize(760, 520).boundedTo(parent ? parent->window()->size() : QSize(760, 520)));
    auto* const differences = new DiffView(theme);
    differences->setObjectName(QStringLiteral("conflict differences"));
    differences->setSides(tr("v%1 by %2").arg(theirs.revision).arg(theirs.savedBy), tr("yours"));
    std::vector<DiffSection> sections;
    addJsonSections(sections, {}, toJson(theirs.agent), toJson(mine));
    differences->setSections(std::move(sections));
    auto* const note = makeLabel(
        tr("Theirs leaves yours as a draft that you can have back; yours becomes the next version."),
        Tone::Secondary);
    note->setWordWrap(true);
    auto* const takeTheirs = secondaryButton(tr("Use theirs"));
    takeTheirs->setObjectName(QStringLiteral("use theirs"));
    auto* const saveMine = primaryButton(tr("Save mine over it"));
    saveMine->setObjectName(QStringLiteral("save mine"));
    auto* const row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(note, 1);
    row->addWidget(takeTheirs);
    row->addWidget(saveMine);
    auto* const column = new QVBoxLayout(this);
    column->setContentsMargins(16, 14, 16, 14);
    column->setSpacing(12);
    column->addWidget(differences, 1);
    column->addLayout(row);
    for (QPushButton* button : {takeTheirs, saveMine})
        button->setAutoDefault(false); // Enter decides nothing by itself
    connect(takeTheirs, &QPushButton::clicked, this, [this] {
        Q_EMIT theirsChosen();
        accept();
    });
    connect(saveMine, &QPushButton::clicked, this, [this] {
        Q_EMIT mineChosen();
        accept();
    });
}

} // namespace llmcache::ui
