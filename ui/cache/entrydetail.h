#pragma once

#include "cache/entrytexts.h"
#include "cache/newestjob.h"
#include "widgets/tasks.h"

#include <QFrame>

class QLabel;
class QStackedWidget;
class QTableView;
class QTimer;
class QToolButton;

namespace llmcache {
class Session;
}

namespace llmcache::ui {

class AnswerEditor;
class Badge;
class Button;
class EntryCallsModel;
class ElidedLabel;
class EmptyState;
class ErrorBanner;
class FactList;
class Spinner;
class TabStrip;
class Theme;
class UsagePane;
class ValueText;

/// Everything about one entry, read from the store when it is shown; the newest request wins.
class EntryDetail : public QFrame {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit EntryDetail(const Theme* theme, QWidget* parent = nullptr);

    /// Forgets the old session and what it showed. Null = none.
    void setSession(Session* session);
    void show(const QString& fingerprint);
    /// Reads the entry shown again.
    void reload();
    void clear();
    /// Of the entry shown or being read; empty when none is.
    const QString& fingerprint() const { return m_fingerprint; }
    /// Of the entry shown, 0 before it is there.
    qint64 revision() const { return m_revision; }
    /// The entry is on screen.
    bool isLoaded() const { return m_loaded; }
    int activeTasks() const;
    /// Requests stop of what is being read.
    void stopTasks();

Q_SIGNALS:
    void runAgainRequested(const QString& fingerprint);
    void deleteRequested(const QString& fingerprint);
    /// The store has no such entry any more.
    void forgetRequested(const QString& fingerprint);
    /// The user stored another answer; `undoId` takes it back.
    void saved(const QString& fingerprint, qint64 revision, const QString& undoId);
    void activeChanged();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    enum Page { NothingPage, GonePage, EntryPage };
    enum Tab { AnswerTab, RequestTab, UsageTab, CallsTab, RawTab };
    QWidget* makeHeading();
    QWidget* makeAnswerPage();
    void makeFacts();
    void take(std::optional<Entry> entry);
    void showFacts(const Entry& entry);
    void showTexts(const EntryTexts& texts);
    void loadCalls();

    const Theme* m_theme;
    Session* m_session = nullptr;
    QString m_fingerprint;
    qint64 m_revision = 0;
    bool m_loaded = false;
    TaskScope m_tasks;
    TaskScope m_callTasks;
    NewestJob m_texts;

    QStackedWidget* m_pages;
    EmptyState* m_nothing;
    EmptyState* m_gone;
    ElidedLabel* m_title;
    QLabel* m_shortFingerprint;
    QToolButton* m_copyFingerprint;
    Badge* m_flag;
    Spinner* m_spinner;
    Button* m_runAgain;
    Button* m_delete;
    ErrorBanner* m_banner;
    TabStrip* m_tabs;
    QStackedWidget* m_tabPages;
    AnswerEditor* m_answer;
    ValueText* m_prompt;
    ValueText* m_request;
    ValueText* m_raw;
    FactList* m_facts;
    UsagePane* m_usage;
    QStackedWidget* m_callPages;
    QTableView* m_calls;
    EntryCallsModel* m_callsModel;
};

} // namespace llmcache::ui
