#pragma once

#include "store/rawentry.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QStackedWidget;

namespace llmcache::ui {

class FactList;
class HexView;
class SegmentedControl;
class Theme;
class ValueText;

/// A field of a stored entry, ready to be shown; made on a worker thread.
struct RawFieldText {
    QString title; ///< "response · 12.4 KB zstd"
    QString text; ///< unpacked; empty where it is no text
    QByteArray bytes; ///< as stored
};
std::vector<RawFieldText> rawFieldTexts(const RawEntry& raw);

/// What the store keeps under an entry's key, as its own tools would show it: key, type, encoding, TTL,
/// bytes, and each field unpacked or in hexadecimal.
class RawPane : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit RawPane(const Theme* theme, QWidget* parent = nullptr);
    /// `whole`: all that the entry says, as one JSON text.
    void setWhole(const QString& whole);
    void show(const RawEntry& raw, std::vector<RawFieldText> fields, qint64 nowMs);
    /// Why the store's own view is not there.
    void showProblem(const QString& problem);
    void clear();

private:
    enum Fact { KeyFact, TypeFact, ExpiresFact, BytesFact };
    void refresh();

    FactList* m_facts;
    QLabel* m_problem;
    QComboBox* m_field;
    SegmentedControl* m_forms;
    QStackedWidget* m_pages;
    ValueText* m_text;
    HexView* m_hex;
    QString m_whole;
    QString m_chosen; ///< the field that the user looks at, from entry to entry
    std::vector<RawFieldText> m_fields;
};

} // namespace llmcache::ui
