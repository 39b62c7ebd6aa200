using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Listeners;

/// <summary>Requests of every opcode and many types, most of them damaged: cut, longer, with octets changed, or all at random.</summary>
internal static class HostileMessages
{
    private static readonly ushort[] Types =
        [0, 1, 2, 5, 6, 12, 15, 16, 28, 33, 35, 39, 41, 43, 46, 47, 48, 50, 52, 64, 65, 99, 249, 250, 251, 252, 255, 257, 65282, 65535];

    private static readonly ushort[] Classes = [0, 1, 3, 4, 254, 255, PrivateClass, 65535];

    private static readonly string[] Names = [".", "example.com.", "a.", @"\000\255.x.", new string('a', 63) + ".example.", "*.b."];

    /// <summary>The opcode goes with the round, the rest is chance.</summary>
    public static byte[] Next(Random random, int round)
    {
        ushort flags = (ushort)(((round & 15) << 11) | (random.Next(8) == 0 ? random.Next(65536) : random.Next(2) << 8));
        byte[]? additional = random.Next(6) switch
        {
            0 => Opt((byte)(random.Next(4) == 0 ? random.Next(256) : 0), (ushort)random.Next(65536), random.Next(2) == 0),
            1 => Tsig("some.key."),
            _ => null,
        };
        bool isControl = random.Next(3) == 0;
        byte[] message = Message(
            flags,
            isControl ? (ushort)random.Next(65280, 65284) : Types[random.Next(Types.Length)],
            isControl ? PrivateClass : random.Next(2) == 0 ? (ushort)1 : Classes[random.Next(Classes.Length)],
            Names[random.Next(Names.Length)],
            additional,
            random.Next(10) == 0 ? random.Next(4) : 1);
        switch (random.Next(5))
        {
            case 0:
                return message[..random.Next(message.Length + 1)];
            case 1:
                return [.. message, .. new byte[random.Next(1, 40)]];
            case 2:
                for (int change = random.Next(1, 6); change > 0; change--)
                    message[random.Next(message.Length)] = (byte)random.Next(256);
                return message;
            case 3 when random.Next(4) == 0:
                random.NextBytes(message);
                return message;
            default:
                return message;
        }
    }
}
