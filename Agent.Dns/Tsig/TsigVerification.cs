using Agent.Dns.Wire;

namespace Agent.Dns.Tsig;

/// <summary>The outcome of looking at one message's signature, and all that signing its answer needs.</summary>
public sealed class TsigVerification
{
    internal TsigVerification(TsigStatus status) => Status = status;

    internal TsigVerification(TsigStatus status, TsigKey? key, in TsigRecord tsig)
    {
        Status = status;
        Key = key;
        KeyName = tsig.KeyName;
        AlgorithmName = tsig.AlgorithmName;
        TimeSigned = tsig.TimeSigned;
        Fudge = tsig.Fudge;
        PeerError = tsig.Error;
        Mac = tsig.Mac.ToArray();
        PeerTime = tsig.ServerTime;
    }

    /// <summary>What the signature is worth.</summary>
    public TsigStatus Status { get; }

    /// <summary>True for <see cref="TsigStatus.Verified"/>.</summary>
    public bool IsVerified => Status == TsigStatus.Verified;

    /// <summary>Our key that the record names, or null. Only with <see cref="IsVerified"/> does it say who the peer is.</summary>
    public TsigKey? Key { get; }

    /// <summary>The name in the record; null if there is none or it cannot be read.</summary>
    public DomainName? KeyName { get; }

    /// <summary>The algorithm in the record.</summary>
    public DomainName? AlgorithmName { get; }

    /// <summary>The signer's clock, in seconds since 1970.</summary>
    public ulong TimeSigned { get; }

    /// <summary>Seconds that the signer allows the clocks to differ.</summary>
    public ushort Fudge { get; }

    /// <summary>The error field of an answer.</summary>
    public ResponseCode PeerError { get; }

    /// <summary>The server's clock, if it answered BADTIME.</summary>
    public ulong? PeerTime { get; }

    /// <summary>The MAC of the message: an answer's signature covers it.</summary>
    public ReadOnlyMemory<byte> Mac { get; }
}
