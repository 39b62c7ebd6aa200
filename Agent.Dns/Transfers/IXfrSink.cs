using Agent.Dns.Zones;

namespace Agent.Dns.Transfers;

/// <summary>
/// Takes what a transfer brings, in order. Records are uncompressed and valid during the call only. Nothing may be committed before
/// the machine says <see cref="XfrStatus.Complete"/>. False stops the transfer with <see cref="XfrError.SinkRefused"/>.
/// </summary>
/// <remarks>Implement it as a struct: the machine is generic, so that its calls cost nothing.</remarks>
public interface IXfrSink
{
    /// <summary>A whole zone begins with its SOA. The closing SOA is not given.</summary>
    bool BeginSnapshot(in StoredRecord soa);

    /// <summary>A difference begins: the SOA it starts from, which it deletes.</summary>
    bool BeginDelta(in StoredRecord oldSoa);

    /// <summary>A difference deletes a record.</summary>
    bool Delete(in StoredRecord record);

    /// <summary>The deletions of a difference are over: the SOA it leads to, which it adds.</summary>
    bool BeginAdditions(in StoredRecord newSoa);

    /// <summary>A record of the whole zone, or one that a difference adds.</summary>
    bool Add(in StoredRecord record);

    /// <summary>A difference is over.</summary>
    bool EndDelta();
}

/// <summary>Puts a whole zone into a builder; differences are not for it.</summary>
public readonly struct ContentSink(ZoneContentBuilder builder) : IXfrSink
{
    /// <inheritdoc/>
    public bool BeginSnapshot(in StoredRecord soa) => builder.TryAppend(soa);

    /// <inheritdoc/>
    public bool Add(in StoredRecord record) => builder.TryAppend(record);

    /// <inheritdoc/>
    public bool BeginDelta(in StoredRecord oldSoa) => false;

    /// <inheritdoc/>
    public bool Delete(in StoredRecord record) => false;

    /// <inheritdoc/>
    public bool BeginAdditions(in StoredRecord newSoa) => false;

    /// <inheritdoc/>
    public bool EndDelta() => false;
}
