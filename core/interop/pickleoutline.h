#pragma once

#include "interop/picklevalue.h"

#include <vector>

namespace llmcache {

/// A part of a value, as a tree shows it.
struct PickleChild {
    enum class Role {
        Item, ///< of a list, tuple or set, or appended to an object
        Entry, ///< of a dict, or set in an object by key
        Field, ///< an attribute; a field of a model
        Extra, ///< what a Pydantic model was given and has no field for
        FieldsSet, ///< the names that a Pydantic model was given
        Private, ///< the private attributes of a Pydantic model
        Call, ///< the function, where it is no plain name
        Argument, ///< what the class or function of an object is called with
        Keywords,
        State,
        Id, ///< of something outside of the pickle
    };
    Role role = Role::Item;
    qsizetype index = 0; ///< among those of its role
    PickleValue key; ///< of Entry, Field and Extra
    PickleValue value;

    /// "[0]", "'key'", "name", "fields set": safe for a terminal.
    QString label() const;
};

/// The parts of a value in its order; empty for what is shown as one value.
std::vector<PickleChild> pickleChildren(const PickleValue& value);
/// Some of them, from number `from` on. Of a tuple, list, set or dict only these are looked at, however large
/// it is.
std::vector<PickleChild> pickleChildren(const PickleValue& value, qsizetype from, qsizetype most);
qsizetype pickleChildCount(const PickleValue& value);
bool hasPickleChildren(const PickleValue& value);

/// "str", "dict", "app.models.UserProfile": safe for a terminal.
QString pickleTypeText(const PickleValue& value);
/// The value of what has no parts, on one line: "'Alex'", "2024-01-02T03:04:05Z"; of others how many there
/// are: "3 items", "1 field".
QString pickleValueText(const PickleValue& value, qsizetype maxLength = 200);

} // namespace llmcache
