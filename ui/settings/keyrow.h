#pragma once

#include "provider/keyring.h"

#include <QWidget>

class QLineEdit;

namespace llmcache::ui {

class Badge;
class Button;

/// One key: whose it is, where it is, and a field to type another, which is open while somebody edits.
class KeyRow : public QWidget {
    Q_OBJECT
public:
    explicit KeyRow(const KeySlot& slot, QWidget* parent = nullptr);
    const KeySlot& slot() const { return m_slot; }
    /// The variable that holds the key, or is to hold it, and where it is.
    void setPlace(const QString& variable, KeyRing::Place place, bool isStored);
    const QString& variable() const { return m_variable; }
    void openEditor();
    void closeEditor();
    bool isEditing() const;

Q_SIGNALS:
    void editRequested();
    void storeRequested(const QString& key);
    void keepRequested(const QString& key);
    void removeRequested();

private:
    void layOutEditor();
    void reveal(bool shown);

    KeySlot m_slot;
    QString m_variable;
    Badge* m_badge;
    Button* m_set;
    Button* m_remove;
    QWidget* m_editor;
    QLineEdit* m_key;
    Button* m_reveal;
    Button* m_store;
    Button* m_keep;
};

} // namespace llmcache::ui
