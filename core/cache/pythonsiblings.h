#pragma once

#include "agent/agent.h"
#include "interop/pythonresult.h"

#include <vector>

namespace llmcache {

/// Answers of one output type in entries that Python programs stored. They tell what a JSON Schema does not:
/// the class that Python makes of an answer, the modules of the classes in it, and which of these are
/// dataclasses. A value that is cheap to keep; add() takes about as long as reading the pickle.
class PythonSiblings {
public:
    /// Where `type` names its class, answers of this class; else those of a class that is called as the
    /// schema is titled, or of lists and the like of classes that the schema defines. All of them fit the
    /// schema.
    explicit PythonSiblings(OutputType type);

    /// Whether Python has classes for such an output, so that siblings tell something.
    static bool matter(const OutputType& type);

    /// Keeps a pickle if it is a sibling; anything else is passed over. False when there are enough.
    bool add(const QByteArray& pickle);
    bool isEmpty() const { return m_results.empty(); }
    /// "app.models.UserProfile", as the type names it or as the siblings do; empty where the output is no
    /// object of a class. Throws ConfigurationError where that can't be told.
    QString classPath(const QString& agent) const;
    /// They live as long as this object.
    std::vector<PickleValue> answers() const;

private:
    bool isSibling(const PythonResult& result) const;

    OutputType m_type;
    QString
        m_className; ///< of the output, without its module; empty where the output is no object of a class
    std::vector<PythonResult> m_results;
};

} // namespace llmcache
