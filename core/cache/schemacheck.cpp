#include "cache/schemacheck.h"

#include "agent/outputvalidation.h"
#include "base/error.h"
#include "cache/request.h"

namespace llmcache {

SchemaCheck checkAnswer(const Entry& entry, const std::optional<Agent>& agent)
{
    SchemaCheck check;
    check.againstAgent = agent.has_value();
    OutputType type;
    try {
        const bool hasRequest = entry.request.is_object() && !entry.request.empty();
        const OutputType stored = hasRequest ? requestFromJson(entry.request).output : OutputType();
        check.storedSchema = stored.schema;
        type = agent ? agent->output : stored;
        check.schemaName = type.name;
        check.schema = type.schema;
        check.schemaChanged = hasRequest && type.schema != stored.schema;
        if (type.isText()) {
            if (entry.output.is_string() || !agent) {
                check.state = SchemaCheck::State::NoSchema;
            } else {
                check.state = SchemaCheck::State::DoesNotFit;
                check.violations << QStringLiteral("/: the agent answers with text now, this answer is JSON");
            }
            return check;
        }
        check.violations = validateOutput(type.schema, entry.output).violations;
        check.state = check.violations.isEmpty() ? SchemaCheck::State::Fits : SchemaCheck::State::DoesNotFit;
    } catch (const Error& error) {
        check.state = SchemaCheck::State::Unreadable;
        check.violations = QStringList{error.text()};
    }
    return check;
}

} // namespace llmcache
