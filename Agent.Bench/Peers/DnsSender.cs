using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Agent.Bench.Peers;

/// <summary>Sends given octets as a DNS client would, each time from a socket of its own, and hands the answer back unread.</summary>
public static class DnsSender
{
    /// <summary>One datagram there, one back from the very address that was asked; null when none came in time.</summary>
    public static async Task<byte[]?> AskByUdpAsync(IPEndPoint server, byte[] request, TimeSpan deadline, IPAddress? source = null)
    {
        using UdpClient client = new(new IPEndPoint(source ?? AnyOf(server), 0));
        client.Connect(server);
        using CancellationTokenSource late = new(deadline);
        try
        {
            await client.SendAsync(request, late.Token);
            return (await client.ReceiveAsync(late.Token)).Buffer;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return null;
        }
    }

    /// <summary>One framed message there, one back (RFC 7766); null when the connection closed or nothing came in time.</summary>
    public static async Task<byte[]?> AskByTcpAsync(IPEndPoint server, byte[] request, TimeSpan deadline, IPAddress? source = null)
    {
        using TcpClient client = new(new IPEndPoint(source ?? AnyOf(server), 0));
        using CancellationTokenSource late = new(deadline);
        try
        {
            await client.ConnectAsync(server, late.Token);
            NetworkStream stream = client.GetStream();
            await stream.WriteAsync(Frame(request), late.Token);
            return await ReadFramedAsync(stream, late.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or IOException)
        {
            return null;
        }
    }

    public static byte[] Frame(ReadOnlySpan<byte> message)
    {
        byte[] framed = new byte[message.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)message.Length);
        message.CopyTo(framed.AsSpan(2));
        return framed;
    }

    /// <summary>The next framed message, or null at the end of the stream.</summary>
    public static async Task<byte[]?> ReadFramedAsync(Stream stream, CancellationToken cancellation)
    {
        byte[] length = new byte[2];
        if (await stream.ReadAtLeastAsync(length, 2, throwOnEndOfStream: false, cancellation) < 2)
        {
            return null;
        }

        byte[] message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        int read = await stream.ReadAtLeastAsync(message, message.Length, throwOnEndOfStream: false, cancellation);
        return read < message.Length ? null : message;
    }

    private static IPAddress AnyOf(IPEndPoint server) =>
        server.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
}
