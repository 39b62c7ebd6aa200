using System.Buffers.Binary;
using System.Security.Cryptography;
using Agent.Dns.Wire;

namespace Agent.Dns.Tsig;

/// <summary>A running MAC, and the pieces that RFC 8945 4.3 feeds it.</summary>
internal sealed class TsigMac : IDisposable
{
    private readonly IncrementalHash? _hash;
    private readonly HmacSha224? _sha224;

    public TsigMac(TsigAlgorithm algorithm, ReadOnlySpan<byte> secret)
    {
        // The framework has no SHA-224, and the standard still lists it.
        if (algorithm == TsigAlgorithm.HmacSha224) _sha224 = new HmacSha224(secret);
        else _hash = IncrementalHash.CreateHMAC(HashOf(algorithm), secret);
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _hash?.AppendData(bytes);
        _sha224?.Append(bytes);
    }

    /// <summary>An earlier MAC with its length: of the request, or of the message before in a stream.</summary>
    public void AppendMac(ReadOnlySpan<byte> mac)
    {
        Append16((ushort)mac.Length);
        Append(mac);
    }

    /// <summary>A message as it was before the TSIG record was added: with its original id and without the record in its count.</summary>
    public void AppendMessage(ReadOnlySpan<byte> message, in TsigRecord tsig)
    {
        Span<byte> header = stackalloc byte[MessageHeader.Size];
        message[..MessageHeader.Size].CopyTo(header);
        BinaryPrimitives.WriteUInt16BigEndian(header, tsig.OriginalId);
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], (ushort)(BinaryPrimitives.ReadUInt16BigEndian(header[10..]) - 1));
        Append(header);
        Append(message[MessageHeader.Size..tsig.Offset]);
    }

    /// <summary>The variables of a single message, or of the first in a stream.</summary>
    public void AppendVariables(
        DomainName keyName, DomainName algorithmName, ulong timeSigned, ushort fudge, ResponseCode error, ReadOnlySpan<byte> otherData)
    {
        Append(keyName.Fold().Wire);
        Append16((ushort)RecordClass.ANY);
        Append16(0);
        Append16(0);
        Append(algorithmName.Fold().Wire);
        AppendTimers(timeSigned, fudge);
        Append16((ushort)error);
        Append16((ushort)otherData.Length);
        Append(otherData);
    }

    /// <summary>All that a later message of a stream adds.</summary>
    public void AppendTimers(ulong timeSigned, ushort fudge)
    {
        Span<byte> time = stackalloc byte[TsigRecord.TimeBytes];
        TsigRecord.WriteTime(time, timeSigned);
        Append(time);
        Append16(fudge);
    }

    /// <summary>Takes the whole MAC and starts afresh.</summary>
    public int Finish(Span<byte> destination) => _hash?.GetHashAndReset(destination) ?? _sha224!.Finish(destination);

    /// <summary>Takes the MAC and compares it in constant time; a shorter one from the peer is compared as far as it goes.</summary>
    public bool Matches(ReadOnlySpan<byte> received)
    {
        Span<byte> computed = stackalloc byte[TsigAlgorithms.MaximumMacLength];
        var length = Finish(computed);
        return received.Length <= length && CryptographicOperations.FixedTimeEquals(computed[..received.Length], received);
    }

    public void Dispose() => _hash?.Dispose();

    private void Append16(ushort value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        Append(bytes);
    }

    private static HashAlgorithmName HashOf(TsigAlgorithm algorithm) => algorithm switch
    {
        TsigAlgorithm.HmacMd5 => HashAlgorithmName.MD5,
        TsigAlgorithm.HmacSha1 => HashAlgorithmName.SHA1,
        TsigAlgorithm.HmacSha256 => HashAlgorithmName.SHA256,
        TsigAlgorithm.HmacSha384 => HashAlgorithmName.SHA384,
        TsigAlgorithm.HmacSha512 => HashAlgorithmName.SHA512,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };
}
