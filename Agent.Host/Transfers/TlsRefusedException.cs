using Agent.Actors.Reasons;

namespace Agent.Host.Transfers;

/// <summary>No connection over TLS, because one side does not accept the other.</summary>
public sealed class TlsRefusedException : Exception
{
    /// <summary>Without a cause.</summary>
    public TlsRefusedException(Reason reason)
        : base(reason?.Text) => Reason = reason!;

    /// <summary>With a cause.</summary>
    public TlsRefusedException(Reason reason, Exception inner)
        : base(reason?.Text, inner) => Reason = reason!;

    /// <summary>The code and a part of a sentence that says what the peer did.</summary>
    public Reason Reason { get; }
}
