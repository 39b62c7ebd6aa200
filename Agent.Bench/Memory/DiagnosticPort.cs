using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Agent.Bench.Memory;

/// <summary>
/// The diagnostic socket that every .NET process has. A trace of the runtime's events with the keyword for collections makes the process
/// collect its whole managed memory, so that what is left can be counted from outside and the program needs no door for it.
/// </summary>
/// <remarks>The protocol is that of dotnet/diagnostics, documentation/design-docs/ipc-protocol.md.</remarks>
internal static class DiagnosticPort
{
    private const byte EventPipeCommands = 2;
    private const byte CollectTracing = 2;
    private const ulong CollectKeyword = 0x800000;
    private const uint InformationalLevel = 4;

    /// <summary>Begins a collection; it has ended when the process counts one more.</summary>
    public static async Task CollectAsync(int processId)
    {
        string pattern = string.Create(CultureInfo.InvariantCulture, $"dotnet-diagnostic-{processId}-*-socket");
        // A process that was killed leaves its socket behind, and its number may have come round again.
        string path = Directory.GetFiles(Path.GetTempPath(), pattern).MaxBy(File.GetLastWriteTimeUtc)
            ?? throw new FileNotFoundException($"no {pattern} in {Path.GetTempPath()}");
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        await socket.SendAsync(Request());
        // The trace follows the answer; its first octets say that the session runs. Closing the socket ends it.
        byte[] answer = new byte[4096];
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(10));
        for (int received = 0; received < 64;)
        {
            received += await socket.ReceiveAsync(answer, late.Token);
        }
    }

    private static byte[] Request()
    {
        using MemoryStream message = new();
        using BinaryWriter writer = new(message);
        writer.Write("DOTNET_IPC_V1\0"u8);
        writer.Write((ushort)0);
        writer.Write(EventPipeCommands);
        writer.Write(CollectTracing);
        writer.Write((ushort)0);
        writer.Write(1u); // megabytes of buffer
        writer.Write(1u); // the format "nettrace"
        writer.Write(1u); // providers
        writer.Write(CollectKeyword);
        writer.Write(InformationalLevel);
        WriteText(writer, "Microsoft-Windows-DotNETRuntime");
        WriteText(writer, "");
        byte[] octets = message.ToArray();
        BinaryPrimitives.WriteUInt16LittleEndian(octets.AsSpan(14), (ushort)octets.Length);
        return octets;
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        writer.Write(text.Length + 1);
        writer.Write(Encoding.Unicode.GetBytes(text + "\0"));
    }
}
