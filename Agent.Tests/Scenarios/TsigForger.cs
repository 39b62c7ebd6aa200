using System.Buffers.Binary;
using System.Security.Cryptography;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>How a signature is made: the right way, where nothing else is said.</summary>
internal sealed record TsigForgery
{
    public static readonly byte[] RightSecret = "a secret of at least 32 octets!!"u8.ToArray();

    public string Key { get; init; } = "k1.";

    public string Algorithm { get; init; } = "hmac-sha256.";

    public byte[] Secret { get; init; } = RightSecret;

    public long ClockOffsetSeconds { get; init; }

    public ushort Error { get; init; }

    /// <summary>What becomes of the MAC on its way into the record.</summary>
    public Func<byte[], byte[]> Mac { get; init; } = mac => mac;

    /// <summary>Puts the record into the answer section.</summary>
    public bool InAnswer { get; init; }
}

/// <summary>
/// Signs the answer to one query, message by message, as RFC 8945 4.3 and 5.3.1 say or as a forgery wants it. Written apart from the
/// product's signer on purpose.
/// </summary>
internal sealed class TsigForger
{
    private const ushort TypeTsig = 250;
    private const ushort ClassAny = 255;
    private const ushort FudgeSeconds = 300;
    private const int MacBytes = 32;
    private const int BytesBehindMac = 6;

    private readonly List<byte> _pending = [];
    private bool _isFirst = true;

    /// <summary>The MAC of the request stands at its end, before original id, error and other length.</summary>
    public TsigForger(MasterQuery query, bool withRequestMac = true)
    {
        byte[] message = query.Message;
        if (withRequestMac)
            Remember(message[(message.Length - BytesBehindMac - MacBytes)..(message.Length - BytesBehindMac)]);
    }

    /// <summary>Passes a message without signature; the next one covers it.</summary>
    public byte[] Leave(byte[] message)
    {
        _pending.AddRange(message);
        return message;
    }

    public byte[] Sign(byte[] message, TsigForgery? how = null)
    {
        how ??= new TsigForgery();
        byte[] key = DnsTestMessage.EncodeName(how.Key);
        byte[] algorithm = DnsTestMessage.EncodeName(how.Algorithm);
        byte[] timers = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(timers, (ulong)(DateTimeOffset.UtcNow.ToUnixTimeSeconds() + how.ClockOffsetSeconds));
        timers = [.. timers[2..], .. Word(FudgeSeconds)];
        byte[] variables = _isFirst
            ? [.. key, .. Word(ClassAny), 0, 0, 0, 0, .. algorithm, .. timers, .. Word(how.Error), 0, 0]
            : timers;
        byte[] signedOctets = [.. _pending, .. message, .. variables];
        byte[] mac = HMACSHA256.HashData(how.Secret, signedOctets);
        _pending.Clear();
        _isFirst = false;
        Remember(mac);
        byte[] sent = how.Mac(mac);
        byte[] rdata = [.. algorithm, .. timers, .. Word((ushort)sent.Length), .. sent, .. message[..2], .. Word(how.Error), 0, 0];
        byte[] record = [.. key, .. Word(TypeTsig), .. Word(ClassAny), 0, 0, 0, 0, .. Word((ushort)rdata.Length), .. rdata];
        byte[] signed = [.. message, .. record];
        int count = how.InAnswer ? 6 : 10;
        BinaryPrimitives.WriteUInt16BigEndian(
            signed.AsSpan(count), (ushort)(BinaryPrimitives.ReadUInt16BigEndian(signed.AsSpan(count)) + 1));
        return signed;
    }

    private void Remember(byte[] mac)
    {
        _pending.AddRange(Word((ushort)mac.Length));
        _pending.AddRange(mac);
    }

    private static byte[] Word(ushort value) => [(byte)(value >> 8), (byte)value];
}
