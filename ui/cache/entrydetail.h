#pragma once

#include "cache/entryedit.h"
#include "cache/entrytexts.h"
#include "cache/newestjob.h"
#include "widgets/badge.h"
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
class Button;
class EntryCallsModel;
class ElidedLabel;
class EmptyState;
class ErrorBanner;
class FactList;
class PicklePane;
class RawPane;
class RequestPane;
class SchemaPane;
class Spinner;
class TabStrip;
class TagRow;
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
    /// Why the entry can't be changed, in words for people; empty = it can.
    void setObstacle(const QString& why);

Q_SIGNALS:
    void runAgainRequested(const QString& fingerprint);
    void deleteRequested(const QString& fingerprint);
    /// The store has no such entry any more.
    void forgetRequested(const QString& fingerprint);
    /// The user stored another answer; the result's undoId takes it back.
    void saved(const QString& fingerprint, const llmcache::EditResult& result);
    /// The user wants a tag on the entry, or none of that name.
    void tagRequested(const QString& fingerprint, const QString& tag, bool on);
    void activeChanged();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    enum Page { NothingPage, GonePage, EntryPage };
    enum Tab { AnswerTab, RequestTab, UsageTab, CallsTab, SchemaTab, RawTab, PickleTab, BlankPage };
    enum Fact {
        ModelFact,
        TaskFact,
        StoredFact,
        ExpiresFact,
        TokensFact,
        CostFact,
        SavedFact,
        LatencyFact,
        FingerprintFact
    };
    QWidget* makeHeading();
    QWidget* makeAnswerPage();
    void take(std::optional<Entry> entry);
    void showFacts(const Entry& entry);
    void showTexts(const EntryTexts& texts, std::shared_ptr<const Json> answer);
    void stopReading();
    QWidget* makeCallsPage();
    void addTab(const QString& title, QWidget* page);
    /// Only the entries of Python programs have a pickle.
    void showTabs(bool hasPickle, bool isReadable);
    void fitHeading();
    /// In a low pane the answer needs the room of what the tabs Request and Raw show as well.
    void fitAnswerPage();
    /// The pickle of an entry that can't be read otherwise is looked at as it is.
    void showUnreadable(const Failure& failure);
    void loadCalls();
    void checkSchema(std::shared_ptr<const Entry> entry);
    /// Reads the entry as the store keeps it, while somebody looks.
    void loadRaw();
    void loadPickle();
    /// Who pinned the entry, and why.
    void loadPinNote();

    const Theme* m_theme;
    Session* m_session = nullptr;
    QString m_fingerprint;
    qint64 m_revision = 0;
    bool m_loaded = false;
    TaskScope m_tasks;
    TaskScope m_callTasks;
    TaskScope m_agentTasks;
    TaskScope m_rawTasks;
    TaskScope m_pinTasks;
    NewestJob m_texts;
    NewestJob m_wholeJob;
    NewestJob m_schemaJob;
    NewestJob m_rawJob;
    QString m_rawShown; ///< what the raw tab shows, by fingerprint and revision

    QStackedWidget* m_pages;
    EmptyState* m_nothing;
    EmptyState* m_gone;
    ElidedLabel* m_title;
    QLabel* m_shortFingerprint;
    QToolButton* m_copyFingerprint;
    Badge* m_flag;
    std::optional<BadgeText> m_flagged; ///< what the badge says where there is room
    Spinner* m_spinner;
    Button* m_runAgain;
    Button* m_delete;
    ErrorBanner* m_banner;
    TabStrip* m_tabs;
    QStackedWidget* m_tabPages;
    AnswerEditor* m_answer;
    QLabel* m_promptTitle;
    ValueText* m_prompt;
    RequestPane* m_request;
    RawPane* m_raw;
    PicklePane* m_pickle;
    SchemaPane* m_schema;
    FactList* m_facts;
    TagRow* m_tags;
    UsagePane* m_usage;
    QStackedWidget* m_callPages;
    QTableView* m_calls;
    EntryCallsModel* m_callsModel;
};

} // namespace llmcache::ui
