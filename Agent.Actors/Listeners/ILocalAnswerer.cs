namespace Agent.Actors.Listeners;

/// <summary>Answers ordinary queries inside this process, in place of a relay.</summary>
/// <remarks>Called by several socket threads at once. Must not wait, throw or allocate in steady state.</remarks>
public interface ILocalAnswerer
{
    /// <summary>Answers one query of class IN.</summary>
    /// <param name="query">The whole message; it has been read once, so header, one question and all records are well-formed.</param>
    /// <param name="response">Where the answer goes. Its length is this client's limit; what does not fit is left out with TC.</param>
    /// <param name="transport">How the query came.</param>
    /// <returns>Octets written; 0 when no answer could be made, which the caller turns into SERVFAIL.</returns>
    int Answer(ReadOnlySpan<byte> query, Span<byte> response, AnswerTransport transport);

    /// <summary>Whether a name is the apex of a zone that is served here.</summary>
    /// <param name="name">In wire form.</param>
    bool IsApex(ReadOnlySpan<byte> name) => false;
}
