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
}
