#include "workbenchstates.h"

#include "cache/runinput.h"
#include "shell/mainwindow.h"
#include "workbench/answerpanel.h"
#include "workbench/comparedialog.h"
#include "workbench/runhistory.h"
#include "workbench/runpanel.h"
#include "workbench/versionsdialog.h"
#include "workbench/workbenchview.h"

#include <QAction>
#include <QTabBar>

namespace llmcache::screenshots {

void takeWorkbenchStates(app::Workbench& workbench, const std::function<void()>& settle,
    const std::function<void(const QString& name, QWidget* window)>& take)
{
    ui::WorkbenchView& view = workbench.workbenchView();
    const RunInput before = view.input();
    const auto command = [&view](const QString& text) {
        for (QAction* action : view.commands()) {
            if (action->text() == text)
                action->trigger();
        }
    };
    const auto dialog = [&](const QString& name, QWidget* window) {
        settle();
        take(name, window);
        window->close();
        settle();
    };
    workbench.window().showView(&view);

    RunInput changed = before;
    changed.agent.settings.temperature = 0.7;
    changed.prompt += QStringLiteral("\nBe brief.");
    view.restore(changed);
    view.explainDraft();
    settle();
    take(QStringLiteral("workbench-not-run"), &workbench.window());
    view.findChild<QTabBar*>(QStringLiteral("agent tabs"))->setCurrentIndex(3);
    settle();
    take(QStringLiteral("workbench-settings"), &workbench.window());
    view.findChild<QTabBar*>(QStringLiteral("agent tabs"))->setCurrentIndex(0);
    view.run();
    settle();
    view.runPanel()->answer()->showExplanation();
    settle();
    take(QStringLiteral("workbench-explain"), &workbench.window());

    view.runPanel()->compare();
    dialog(QStringLiteral("workbench-compare"), view.findChild<ui::CompareDialog*>());
    command(QStringLiteral("Run history"));
    dialog(QStringLiteral("workbench-history"), view.findChild<ui::RunHistoryDialog*>());
    command(QStringLiteral("Save agent"));
    settle();
    command(QStringLiteral("Versions of the agent"));
    dialog(QStringLiteral("workbench-versions"), view.findChild<ui::VersionsDialog*>());

    RunInput failing = before;
    failing.agent.model = QStringLiteral("openai:gpt-5");
    view.restore(failing);
    view.run();
    settle();
    take(QStringLiteral("workbench-failure"), &workbench.window());

    view.restore(before);
    view.run();
    settle();
}

} // namespace llmcache::screenshots
