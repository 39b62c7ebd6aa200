namespace Agent.Bench.Chaos;

/// <summary>Reads in an agent's log whether something happened that no fault from outside may cause.</summary>
public static class AgentLog
{
    /// <summary>Errors that an agent reports because something outside is broken.</summary>
    private static readonly string[] OfTheWorld =
    [
        "journal-away", "journal request failed", "event=node-expelled", "event=node-message-not-sent", "event=runtime-",
    ];

    /// <summary>Exceptions that nothing outside can cause, under whatever headline they are reported.</summary>
    private static readonly string[] OfTheProgram =
    [
        "NullReferenceException", "ArgumentException", "ArgumentOutOfRangeException", "KeyNotFoundException", "InvalidCastException",
        "IndexOutOfRangeException", "UnreachableException", "InvalidOperationException",
    ];

    /// <summary>Lines that say that the agent itself is wrong.</summary>
    public static IEnumerable<string> Mistakes(string output)
    {
        ArgumentNullException.ThrowIfNull(output);
        return output.Split('\n').Where(line => IsError(line) && (!Has(line, OfTheWorld) || Has(line, OfTheProgram)));
    }

    private static bool Has(string line, string[] words) => Array.Exists(words, word => line.Contains(word, StringComparison.Ordinal));

    private static bool IsError(string line) =>
        line.Contains(" level=error ", StringComparison.Ordinal)
        || line.Contains(" level=critical ", StringComparison.Ordinal)
        || line.StartsWith("Unhandled exception", StringComparison.Ordinal);
}
