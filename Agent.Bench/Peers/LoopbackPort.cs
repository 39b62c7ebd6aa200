using System.Net;
using System.Net.Sockets;

namespace Agent.Bench.Peers;

/// <summary>
/// Ports for servers that cannot bind port 0 themselves. They lie below the range that the kernel gives to outgoing sockets (32768 and up),
/// and each is handed out once per test process, so nobody takes one between the check and the server's own bind.
/// </summary>
public static class LoopbackPort
{
    private const int First = 15000;
    private const int Count = 17000;
    private const int TriesMax = 20;

    private static int _next = Random.Shared.Next(Count);

    /// <summary>A port that is free for UDP and TCP on 127.0.0.1 and, where the machine has it, on ::1.</summary>
    public static int Next()
    {
        for (int attempt = 0; attempt < Count; attempt++)
        {
            int port = First + ((int)((uint)Interlocked.Increment(ref _next) % Count));
            if (IsFree(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || IsFree(IPAddress.IPv6Loopback, port)))
            {
                return port;
            }
        }

        throw new InvalidOperationException("no free port on loopback");
    }

    /// <summary>
    /// Opens what needs a port of its own, and that on another one where the port is taken after all: a process that is being started
    /// holds on to the socket by which it was tried, and servers draw the ports of their questions from nearly all there are.
    /// </summary>
    /// <param name="address">Of this machine.</param>
    /// <param name="open">Opens it there, or leaves nothing open.</param>
    public static T Open<T>(IPAddress address, Func<IPEndPoint, T> open)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                return open(new IPEndPoint(address, Next()));
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse && tries < TriesMax)
            {
            }
        }
    }

    private static bool IsFree(IPAddress address, int port)
    {
        try
        {
            using Socket udp = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            udp.Bind(new IPEndPoint(address, port));
            using Socket tcp = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            tcp.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
