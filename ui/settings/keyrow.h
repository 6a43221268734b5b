#pragma once

#include "provider/keyring.h"
#include "widgets/controls.h"

#include <QWidget>

class QLabel;
class QLineEdit;

namespace llmcache::ui {

class Badge;

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
    /// The key is being tried; the button cancels it.
    void showTesting();
    void showTest(Tone tone, const QString& text);
    void clearTest();

Q_SIGNALS:
    void editRequested();
    void storeRequested(const QString& key);
    void keepRequested(const QString& key);
    void removeRequested();
    void testRequested();
    void testCancelled();

private:
    void layOutEditor();
    void reveal(bool shown);
    void showText(Tone tone, const QString& text);

    KeySlot m_slot;
    QString m_variable;
    Badge* m_badge;
    Button* m_test;
    QLabel* m_result;
    bool m_isTesting = false;
    Button* m_set;
    Button* m_remove;
    QWidget* m_editor;
    QLineEdit* m_key;
    Button* m_reveal;
    Button* m_store;
    Button* m_keep;
};

} // namespace llmcache::ui
