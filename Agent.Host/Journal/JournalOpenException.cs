namespace Agent.Host.Journal;

/// <summary>The durable store cannot be used as it is; the message is for the operator and names file and cause.</summary>
public sealed class JournalOpenException : Exception
{
    public JournalOpenException(string message)
        : base(message)
    {
    }

    public JournalOpenException(string message, Exception? inner)
        : base(message, inner)
    {
    }

    /// <summary>
    /// The cause may pass without anything being set otherwise, as a full disk does: a later start may succeed. False for what only a
    /// person can mend.
    /// </summary>
    public bool MayPass { get; init; }
}
