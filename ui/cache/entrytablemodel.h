#pragma once

#include "cache/arrangement.h"
#include "cache/newestjob.h"
#include "cache/rowchanges.h"
#include "cache/textmatches.h"

#include <QAbstractTableModel>
#include <QCache>
#include <QElapsedTimer>
#include <QTimer>

#include <functional>

namespace llmcache::ui {

/// Entries of a workspace as a table, filtered and sorted. Rows arrive page by page; filtering and sorting
/// happen on another thread, and their result is applied as insertions, removals and moves, so that
/// selection and scroll position stay with their entries. GUI thread only.
class EntryTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    static constexpr int fingerprintRole = Qt::UserRole + 1;
    /// QVariant of the value that is sorted by, exact and unformatted.
    static constexpr int exactRole = Qt::UserRole + 2;

    explicit EntryTableModel(QObject* parent = nullptr);
    ~EntryTableModel() override;

    // --- content
    /// Rows of a listing, or a single entry that was stored or read again.
    void upsert(const std::vector<EntryMeta>& entries);
    /// From here on, rows that are not upserted until endScan() are known to be gone.
    void beginScan();
    /// `complete` removes the rows that were not seen since beginScan().
    void endScan(bool complete);
    void removeEntries(const QStringList& fingerprints);
    void clear();

    // --- order
    /// Where it needs whole texts, rows appear as they are found: see takeUnsearched().
    void setFilter(const EntryFilter& filter);
    /// Entries that metadata do not rule out and whose texts nobody has looked into since the filter was set
    /// or the entry changed, at most `most`. Whoever takes them searches them and tells with setFound().
    QStringList takeUnsearched(qint64 nowMs, int most);
    void setFound(const std::vector<EntryMeta>& entries);
    double searchProgress() const { return m_matches.progress(m_entries); }
    const EntryFilter& filter() const { return m_filter; }
    bool isFiltered() const { return !m_filter.isEmpty() || m_group; }
    void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;
    /// Sums of what passes the filter by agent, model or task, or none; see groups().
    void setGrouping(std::optional<EntryColumn> by);
    std::optional<EntryColumn> grouping() const { return m_groupBy; }
    /// Shows the rows of one group alone, or of all.
    void setGroup(const std::optional<QString>& group);
    const std::optional<QString>& group() const { return m_group; }
    /// What the rows shown have in common: the filter, and the group that was chosen.
    EntryFilter shownFilter() const;
    /// What ages and TTLs are counted from; repaints them.
    void setNow(qint64 nowMs);
    /// A new arrangement is being computed or due.
    bool isArranging() const { return m_job.isRunning() || m_arrange.isActive(); }

    // --- state
    /// Live entries, shown or not.
    qint64 total() const { return m_entries.liveRows(); }
    /// Of the rows shown.
    const EntrySums& sums() const { return m_sums; }
    EntrySums sumsOf(const std::vector<RowRun>& rows) const { return sumsMaker(rows)({}); }
    /// The same of these rows as they are now, to be added up on any thread.
    std::function<EntrySums(const std::stop_token&)> sumsMaker(const std::vector<RowRun>& rows) const;
    /// The entries of these rows as they are now, to be listed on any thread.
    std::function<std::vector<BulkTarget>()> targetsMaker(const std::vector<RowRun>& rows) const;
    /// Of the entries that pass the filter, while there is a grouping.
    const std::vector<EntryGroup>& groups() const { return m_groups; }
    /// Texts that entries have in this column (agent, model, task, author or tags), sorted, once each.
    QStringList textsIn(EntryColumn column) const;
    /// Marks entries whose answers fit their schema, or do not.
    void setInvalid(const QStringList& fingerprints, bool invalid);
    QString fingerprintAt(int row) const;
    bool contains(const QString& fingerprint) const { return m_entries.find(fingerprint).has_value(); }
    /// Row that shows the entry, -1 when none does.
    int rowOf(const QString& fingerprint) const;
    /// Metadata of the row as far as the table keeps it (usage: the total as input tokens).
    EntryMeta metaAt(int row) const;
    /// Rows as they are now, separated by tabs or as JSON, to be written on any thread; see rowtexts.h.
    std::function<QString(const std::stop_token&)> tsvMaker(
        const std::vector<RowRun>& rows, const std::vector<EntryColumn>& columns) const;
    std::function<QString(const std::stop_token&)> jsonMaker(const std::vector<RowRun>& rows) const;
    /// All that is shown as CSV, likewise.
    std::function<QByteArray(const std::stop_token&)> csvMaker(const std::vector<EntryColumn>& columns) const;
    /// Bytes of all containers that grow with the rows.
    qint64 memoryBytes() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

Q_SIGNALS:
    /// Rows are going to come, go and move, and the user has asked neither for another order nor for another
    /// choice: what he looks at should stay where it is. arranged() follows.
    void aboutToArrange();
    /// total(), sums() or the rows shown are different now.
    void arranged();

private:
    /// What the rows show: numbers in m_entries.
    std::vector<quint32> numbersOf(const std::vector<RowRun>& rows) const;
    /// `urgent`: the user asked for it; otherwise new rows are collected for a moment.
    void requestArrangement(bool urgent);
    void startArrangement();
    struct Result {
        Arrangement arrangement; ///< its rows are in the changes
        RowChanges changes;
    };
    /// What the job that began at `removals` has found.
    void take(Result result, quint64 removals, bool isOther);
    void planAgain(Result result, bool isOther);
    void show(Result result, bool isOther);
    void apply(RowChanges changes);
    void move(RowChanges& changes);

    QString displayText(const EntryChunk& chunk, std::size_t slot, quint32 row, EntryColumn column) const;
    QString toolTip(const EntryChunk& chunk, std::size_t slot, EntryColumn column) const;
    QString excerptText(quint32 row, bool answer) const;

    struct Excerpts {
        PackedTexts::Unpacked prompts;
        PackedTexts::Unpacked answers;
    };

    PackedEntries m_entries;
    std::vector<quint32> m_rows; ///< what is shown: numbers in m_entries
    EntrySums m_sums;
    std::vector<EntryGroup> m_groups;
    std::optional<EntryColumn> m_groupBy;
    std::optional<QString> m_group;
    EntryFilter m_filter;
    TextMatches m_matches; ///< while the filter needs whole texts
    EntryColumn m_column = EntryColumn::Age;
    Qt::SortOrder m_order = Qt::AscendingOrder;
    qint64 m_nowMs = 0;
    std::vector<bool> m_seen;
    bool m_scanning = false;

    NewestJob m_job;
    QTimer m_arrange; ///< collects changes
    QElapsedTimer m_jobTime;
    qint64 m_lastJobMs = 0;
    bool m_isUrgent = false; ///< somebody waits for the next job
    bool m_isOtherOrder = false; ///< the user asked for another order or choice of rows
    bool m_dirty = false; ///< rows changed since the job began
    quint64 m_removals = 0; ///< counts removals, so that a job's result is checked only after one
    int m_plansInVain = 0; ///< for the result at hand: rows were removed each time meanwhile
    mutable QCache<quint32, Excerpts> m_excerpts; ///< by chunk
};

} // namespace llmcache::ui
