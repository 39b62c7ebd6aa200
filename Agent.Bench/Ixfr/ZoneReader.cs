using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Bench.Ixfr;

/// <summary>Asks for a zone and counts what comes until it stops coming, looking at nothing but lengths and counts.</summary>
internal static class ZoneReader
{
    private const int HeaderOctets = 12;

    /// <returns>Records with the closing SOA left out, octets, and seconds to the last message.</returns>
    public static Task<(long Records, long Octets, double Seconds)> ReadAsync(IPEndPoint server, string zone) =>
        Task.Run(() => Read(server, zone));

    private static (long Records, long Octets, double Seconds) Read(IPEndPoint server, string zone)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(server);
        long started = Stopwatch.GetTimestamp();
        socket.Send(DnsSender.Frame(DnsTestMessage.Request(1, 0, zone, DnsTestMessage.TypeAxfr)));
        // Nothing follows the closing SOA but the end of what we sent, which makes the server close in order.
        socket.Shutdown(SocketShutdown.Send);
        byte[] buffer = new byte[512 * 1024];
        int held = 0;
        long records = 0;
        long octets = 0;
        while (socket.Receive(buffer.AsSpan(held)) is var got and > 0)
        {
            held += got;
            octets += got;
            int at = 0;
            while (held - at >= 2 && BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(at)) is var length && held - at - 2 >= length)
            {
                if (length < HeaderOctets || (buffer[at + 5] & 0xF) != 0) throw new InvalidDataException("no transfer");
                records += BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(at + 2 + 6));
                at += 2 + length;
            }

            buffer.AsSpan(at, held - at).CopyTo(buffer);
            held -= at;
        }

        return (records - 1, octets, Stopwatch.GetElapsedTime(started).TotalSeconds);
    }
}
