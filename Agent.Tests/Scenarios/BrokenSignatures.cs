using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Everything that can be wrong with the signatures of a transfer whose records are good.</summary>
internal static class BrokenSignature
{
    private const int Messages = 4;
    private const ushort BadKey = 17;
    private const ushort BadTime = 18;

    public static IReadOnlyList<BrokenTransfer> All { get; } = [.. Missing(), .. Wrong(), .. Misplaced(), .. Refusals()];

    /// <summary>First and last message signed, so many without signature between them.</summary>
    public static BrokenTransfer WithUnsignedBetween(int unsigned) => Chosen(
        $"{unsigned} messages without signature between two with", "not signed", unsigned + 2,
        index => index == 0 || index == unsigned + 1);

    private static IEnumerable<BrokenTransfer> Missing()
    {
        yield return Chosen("no signature", "not signed", Messages, _ => false);
        yield return Chosen("first message not signed", "not signed", Messages, index => index > 0);
        yield return Chosen("last message not signed", "not signed", Messages, index => index < Messages - 1);
        yield return Chosen("signature on the first message only", "not signed", Messages, index => index == 0);
        yield return WithUnsignedBetween(100);
    }

    private static IEnumerable<BrokenTransfer> Wrong()
    {
        yield return Forged("MAC with one bit changed", "is wrong", new() { Mac = mac => [.. mac[..^1], (byte)(mac[^1] ^ 1)] });
        yield return Forged("MAC of half its length", "is wrong", new() { Mac = mac => mac[..16] });
        yield return Forged("MAC of nine octets", "is wrong", new() { Mac = mac => mac[..9] });
        yield return Forged("no MAC in the signature", "is wrong", new() { Mac = _ => [] });
        yield return Forged("MAC longer than its algorithm's", "is wrong", new() { Mac = mac => [.. mac, .. mac] });
        yield return Forged("another secret", "is wrong", new() { Secret = "another secret"u8.ToArray() });
        yield return Forged("another key", "another key", new() { Key = "k2." });
        yield return Forged("another algorithm", "another key", new() { Algorithm = "hmac-sha512." });
        yield return Forged("signed an hour ago", "clocks", new() { ClockOffsetSeconds = -3600 });
        yield return Forged("signed an hour ahead", "clocks", new() { ClockOffsetSeconds = 3600 });
        yield return new("wrong signature on one message in the middle", "is wrong", (q, z) =>
        {
            TsigForger forger = new(q);
            return Send(Parts(q, z).Select((part, index) => forger.Sign(
                part, index == 2 ? new TsigForgery { Mac = mac => [.. mac[..^1], (byte)(mac[^1] ^ 1)] } : null)));
        });
        yield return new("without the request's MAC", "is wrong",
            (q, z) => Send(Signed(Parts(q, z), new TsigForger(q, withRequestMac: false))));
        yield return new("record changed after signing", "is wrong",
            (q, z) => Send(Signed(Parts(q, z), new TsigForger(q)).Select(Tampered)));
        yield return new("every message signed as the first", "is wrong",
            (q, z) => Send(Parts(q, z).Select(part => new TsigForger(q).Sign(part))));
    }

    private static IEnumerable<BrokenTransfer> Misplaced()
    {
        yield return Ordered("signed messages swapped", [0, 2, 1, 3]);
        yield return Ordered("signed message left out", [0, 1, 3]);
        yield return Ordered("signed message twice", [0, 1, 1, 2, 3]);
        yield return Ordered("signed transfer from its second message on", [1, 2, 3]);
        yield return new("two signatures in a message", "is wrong",
            (q, z) => Send(Parts(q, z).Select(part => new TsigForger(q).Sign(new TsigForger(q).Sign(part)))));
        yield return Forged("signature in the answer section", "is wrong", new() { InAnswer = true });
    }

    private static IEnumerable<BrokenTransfer> Refusals()
    {
        yield return new("refused without signature", "not signed", (q, _) => Send([ScriptedZone.Response(q, 5)]));
        yield return new("key not known to the master", "does not know key",
            (q, _) => Send([new TsigForger(q).Sign(ScriptedZone.Response(q, 9), new() { Error = BadKey, Mac = _ => [] })]));
        yield return new("clock not right for the master", "(BADTIME)",
            (q, _) => Send([new TsigForger(q).Sign(ScriptedZone.Response(q, 9), new() { Error = BadTime, Mac = _ => [] })]));
    }

    private static BrokenTransfer Chosen(string name, string reason, int messages, Func<int, bool> isSigned) => new(
        name, reason, (q, z) =>
        {
            TsigForger forger = new(q);
            return Send(Parts(q, z, messages).Select((part, index) => isSigned(index) ? forger.Sign(part) : forger.Leave(part)));
        });

    private static BrokenTransfer Forged(string name, string reason, TsigForgery how) => new(
        name, reason, (q, z) =>
        {
            TsigForger forger = new(q);
            return Send(Parts(q, z).Select(part => forger.Sign(part, how)));
        });

    private static BrokenTransfer Ordered(string name, int[] order) => new(
        name, "is wrong", (q, z) =>
        {
            byte[][] signed = [.. Signed(Parts(q, z), new TsigForger(q))];
            return Send(order.Select(index => signed[index]));
        });

    private static IEnumerable<byte[]> Signed(IEnumerable<byte[]> parts, TsigForger forger) => parts.Select(part => forger.Sign(part));

    // The last octet of the first owner's TTL: a change that only the signature can tell.
    private static byte[] Tampered(byte[] message)
    {
        message[DnsTestMessage.SkipName(message, DnsTestMessage.SkipName(message, 12) + 4) + 7] ^= 1;
        return message;
    }

    /// <summary>The zone in so many messages, the SOAs in the first and the last.</summary>
    private static IEnumerable<byte[]> Parts(MasterQuery query, ScriptedZone zone, int messages = Messages)
    {
        yield return ScriptedZone.Response(query, 0, [zone.Soa, .. zone.Body]);
        for (int i = 0; i < messages - 2; i++)
            yield return ScriptedZone.Response(query, 0, DnsTestMessage.Record($"m{i}.{zone.Name}", 1, 300, [192, 0, 2, (byte)i]));
        yield return ScriptedZone.Response(query, 0, zone.Soa);
    }

    private static IEnumerable<MasterStep> Send(IEnumerable<byte[]> messages) => messages.Select(message => new MasterStep.Send(message));
}
