# Installs the library, builds the example against it and runs it twice: a miss, then a hit. The example is
# the one that README.md shows.
#   cmake -DBUILD=... -DSOURCE=... -DWORK=... -DBUILD_TYPE=... -P test.cmake
function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${ARGN} ended with ${result}:\n${output}")
    endif()
    set(output "${output}" PARENT_SCOPE)
endfunction()

file(READ ${SOURCE}/README.md readme)
file(READ ${CMAKE_CURRENT_LIST_DIR}/main.cpp example)
string(FIND "${readme}" "${example}" at)
if(at EQUAL -1)
    message(FATAL_ERROR "README.md does not show tests/package/main.cpp as it is")
endif()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/build -G Ninja
    -DCMAKE_BUILD_TYPE=${BUILD_TYPE} -DCMAKE_PREFIX_PATH=${WORK}/prefix)
run(${CMAKE_COMMAND} --build ${WORK}/build)

set(environment HOME=${WORK}/home XDG_DATA_HOME=${WORK}/home/data)
file(MAKE_DIRECTORY ${WORK}/home)
foreach(expected paid cache)
    run(${CMAKE_COMMAND} -E env --unset=LLM_CACHE_REDIS_URL ${environment} ${WORK}/build/profiler)
    if(NOT output MATCHES "${expected}")
        message(FATAL_ERROR "the example did not say \"${expected}\" but:\n${output}")
    endif()
endforeach()
