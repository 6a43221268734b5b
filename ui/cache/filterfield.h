#pragma once

#include "store/entryfilter.h"
#include "widgets/searchfield.h"

#include <QWidget>

class QLabel;
class QListView;
class QStringListModel;
class QTimer;

namespace llmcache {
class Clock;
}

namespace llmcache::ui {

class Chip;

/// Where the filter is typed. Applies it a moment after the last key; a filter that can't be understood
/// yet is explained under the field at its place, and the last good one stays in force. A condition that is
/// complete becomes a chip when a space follows it; Backspace makes it text again. What may come next is
/// offered while one types.
class FilterField : public QWidget {
    Q_OBJECT
public:
    using ValuesOf = std::function<QStringList(const QString& field)>;

    /// `theme` must outlive the widget.
    explicit FilterField(const Theme* theme, QWidget* parent = nullptr);

    /// Chips included.
    QString text() const;
    void setText(const QString& text);
    void clear() { setText({}); }
    /// The time that "today" in a filter refers to.
    void setNow(qint64 nowMs) { m_nowMs = nowMs; }
    /// Texts to offer for a field ("agent"); asked while one types.
    void setValues(const ValuesOf& valuesOf) { m_valuesOf = valuesOf; }
    bool hasError() const;
    /// Puts the cursor there and selects the text.
    void focusField();

Q_SIGNALS:
    /// The filter in force is another one.
    void filterChanged(const llmcache::EntryFilter& filter);
    /// Down or Enter was pressed: the keyboard goes on to the rows.
    void leftDownwards();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void apply();
    void showError(const FilterError* error);
    /// Tints the conditions in the text, and the part that is wrong.
    void colour(const EntryFilter* filter, const FilterError* error);
    void offer();
    void complete(const QString& candidate);
    void moveOffer(int by);
    /// Makes chips of the complete conditions before `end`.
    void makeChips(qsizetype end);
    void addChip(const QString& condition);
    void removeChip(int index);
    void editChip(int index);
    void placeChips();
    bool handleKey(QKeyEvent* key);
    /// While something is offered.
    bool handleOfferKey(QKeyEvent* key);
    /// Whether what is typed stands in parentheses, since it has an OR that is not to be one of the chips.
    bool isChoiceBesideChips() const;
    /// Characters of the whole text before those of the field.
    qsizetype chipLength() const;

    const Theme* m_theme;
    SearchField* m_field;
    QLabel* m_error;
    QTimer* m_pause;
    QListView* m_list; ///< what is offered; the field keeps the keyboard
    QStringListModel* m_offers;
    QString m_placeholder;
    QList<Chip*> m_chips;
    ValuesOf m_valuesOf;
    qint64 m_nowMs = 0;
    QString m_applied;
    bool m_everApplied = false;
};

} // namespace llmcache::ui
