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
    private const byte StopTracing = 1;
    private const byte CollectTracing = 2;
    private const ulong CollectKeyword = 0x800000;
    private const uint InformationalLevel = 4;
    private const int HeaderOctets = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Begins a collection, which has ended when the process counts one more.</summary>
    /// <returns>False when the process would not, or not in time.</returns>
    public static async Task<bool> CollectAsync(int processId)
    {
        string pattern = string.Create(CultureInfo.InvariantCulture, $"dotnet-diagnostic-{processId}-*-socket");
        // A process that was killed leaves its socket behind, and its number may have come round again.
        string path = Directory.GetFiles(Path.GetTempPath(), pattern).MaxBy(File.GetLastWriteTimeUtc)
            ?? throw new FileNotFoundException($"no {pattern} in {Path.GetTempPath()}");
        using CancellationTokenSource late = new(Patience);
        try
        {
            using Socket trace = await AskedAsync(path, CollectRequest(), late.Token);
            byte[] answer = new byte[HeaderOctets + sizeof(ulong)];
            if (!await FilledAsync(trace, answer, late.Token)) return false;
            // A session that nobody stops keeps a thread and a descriptor of the process until it has something to write.
            using Socket stop = await AskedAsync(path, Message(StopTracing, answer.AsSpan(HeaderOctets)), late.Token);
            await EndedAsync(trace, late.Token);
            await EndedAsync(stop, late.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<Socket> AskedAsync(string path, byte[] request, CancellationToken cancellation)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
        await socket.SendAsync(request, cancellation);
        return socket;
    }

    private static async Task<bool> FilledAsync(Socket socket, Memory<byte> octets, CancellationToken cancellation)
    {
        while (octets.Length > 0)
        {
            int count = await socket.ReceiveAsync(octets, cancellation);
            if (count == 0) return false;
            octets = octets[count..];
        }

        return true;
    }

    private static async Task EndedAsync(Socket socket, CancellationToken cancellation)
    {
        byte[] rest = new byte[4096];
        while (await socket.ReceiveAsync(rest, cancellation) > 0)
        {
            // What the trace says is of no interest, the collection that it begins with is.
        }
    }

    private static byte[] CollectRequest()
    {
        using MemoryStream payload = new();
        using BinaryWriter writer = new(payload);
        writer.Write(1u); // megabytes of buffer
        writer.Write(1u); // the format "nettrace"
        writer.Write(1u); // providers
        writer.Write(CollectKeyword);
        writer.Write(InformationalLevel);
        WriteText(writer, "Microsoft-Windows-DotNETRuntime");
        WriteText(writer, "");
        return Message(CollectTracing, payload.ToArray());
    }

    private static byte[] Message(byte command, ReadOnlySpan<byte> payload)
    {
        byte[] octets = new byte[HeaderOctets + payload.Length];
        "DOTNET_IPC_V1\0"u8.CopyTo(octets);
        BinaryPrimitives.WriteUInt16LittleEndian(octets.AsSpan(14), (ushort)octets.Length);
        octets[16] = EventPipeCommands;
        octets[17] = command;
        payload.CopyTo(octets.AsSpan(HeaderOctets));
        return octets;
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        writer.Write(text.Length + 1);
        writer.Write(Encoding.Unicode.GetBytes(text + "\0"));
    }
}
