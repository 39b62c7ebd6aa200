using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Listeners;

/// <summary>A request as it is sent, and what it was before damage.</summary>
/// <param name="Octets">What is sent.</param>
/// <param name="Opcode">0 to 15.</param>
/// <param name="Type">Of the question.</param>
/// <param name="Class">Of the question.</param>
/// <param name="IsDamaged">Whether anything was changed, cut or added.</param>
internal sealed record HostileMessage(byte[] Octets, int Opcode, ushort Type, ushort Class, bool IsDamaged);

/// <summary>
/// Requests of every opcode, class and assigned type, and of some that nobody assigned: first each combination whole, then round and
/// round again, most of them damaged: cut, longer, with octets changed, or all at random.
/// </summary>
internal static class HostileMessages
{
    private const int Opcodes = 16;

    // Internet, CSNET, Chaos, Hesiod, NONE, ANY, the control class, and the ends and middle of what is not assigned.
    public static readonly ushort[] Classes = [1, 2, 3, 4, 254, 255, PrivateClass, 0, 5, 32768, 65535];

    // The registry of 2025 (1 to 53, 55 to 68, ...), then types that are not in it, the control types among them.
    public static readonly ushort[] Types =
    [
        .. Range(1, 53), .. Range(55, 68), .. Range(99, 109), 128, .. Range(249, 263), 32768, 32769,
        0, 54, 69, 98, 127, 129, 248, 264, 32767, 32770, 65279, 65280, 65281, 65282, 65283, 65284, 65534, 65535,
    ];

    private static readonly string[] Names =
        [".", "example.com.", "a.", @"\000\255.x.", new string('a', 63) + ".example.", "*.b.", "www.example.org."];

    /// <summary>So many rounds have each combination once.</summary>
    public static int Combinations => Opcodes * Types.Length * Classes.Length;

    /// <summary>
    /// In the first <see cref="Combinations"/> rounds each combination comes whole, in the next ones damaged. Then chance says what is
    /// damaged, and every third request is one of those that are let in.
    /// </summary>
    public static HostileMessage Next(Random random, int round)
    {
        int opcode = round % Opcodes;
        ushort type = Types[round / Opcodes % Types.Length];
        ushort recordClass = Classes[round / Opcodes / Types.Length % Classes.Length];
        bool isWhole = round < Combinations;
        if (round >= 2 * Combinations && random.Next(3) == 0)
            (type, recordClass) = Usual(random, opcode);
        ushort flags = (ushort)((opcode << 11) | (!isWhole && random.Next(8) == 0 ? random.Next(65536) & 0x87FF : random.Next(2) << 8));
        byte[]? additional = random.Next(6) switch
        {
            0 => Opt((byte)(random.Next(4) == 0 ? random.Next(256) : 0), (ushort)random.Next(65536), random.Next(2) == 0),
            1 => Tsig("some.key."),
            _ => null,
        };
        int questions = isWhole || random.Next(10) > 0 ? 1 : random.Next(4);
        byte[] message = Message(flags, type, recordClass, Names[random.Next(Names.Length)], additional, questions);
        byte[] sent = isWhole ? message : Damage(random, message, random.Next(round < 2 * Combinations ? 3 : 5));
        return new HostileMessage(sent, opcode, type, recordClass, !ReferenceEquals(sent, message) || questions != 1);
    }

    private static (ushort Type, ushort Class) Usual(Random random, int opcode) => opcode switch
    {
        4 => (6, 1),
        14 => ((ushort)random.Next(65280, 65284), PrivateClass),
        _ => (new ushort[] { 1, 2, 5, 6, 16, 28, 43, 251, 252, 255 }[random.Next(10)], 1),
    };

    private static byte[] Damage(Random random, byte[] message, int kind)
    {
        switch (kind)
        {
            case 0:
                return message[..random.Next(message.Length)];
            case 1:
                return [.. message, .. new byte[random.Next(1, 40)]];
            case 2:
                byte[] changed = [.. message];
                for (int change = random.Next(1, 6); change > 0; change--)
                    changed[random.Next(changed.Length)] = (byte)random.Next(256);
                return changed;
            case 3 when random.Next(4) == 0:
                byte[] noise = new byte[message.Length];
                random.NextBytes(noise);
                return noise;
            default:
                return message;
        }
    }

    private static IEnumerable<ushort> Range(int first, int last) =>
        Enumerable.Range(first, last - first + 1).Select(type => (ushort)type);
}
