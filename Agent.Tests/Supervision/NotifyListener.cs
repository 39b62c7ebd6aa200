using System.Net.Sockets;
using System.Text;
using Agent.Bench.Peers;

namespace Agent.Tests.Supervision;

/// <summary>Stands in for systemd: a datagram socket that keeps every message in the order of arrival.</summary>
internal sealed class NotifyListener : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly List<string> _messages = [];
    private readonly Task _reading;

    /// <param name="address">A path, or an abstract name after <c>@</c>, as in NOTIFY_SOCKET.</param>
    public NotifyListener(string address)
    {
        Address = address;
        _socket.Bind(new UnixDomainSocketEndPoint(address.StartsWith('@') ? '\0' + address[1..] : address));
        _reading = ReadAsync();
    }

    public string Address { get; }

    public string[] Messages
    {
        get
        {
            lock (_messages) return [.. _messages];
        }
    }

    /// <summary>Waits until so many messages hold this line.</summary>
    public Task HeardAsync(string line, int times = 1) => Eventually.HoldsAsync(
        () => Count(line) >= times, () => $"{times} times '{line}', not only\n{string.Join("\n---\n", Messages)}");

    public int Count(string line) => Messages.Count(message => message.Split('\n').Contains(line));

    public void Dispose()
    {
        _socket.Dispose();
        _reading.Wait(Eventually.Deadline);
    }

    private async Task ReadAsync()
    {
        byte[] buffer = new byte[8192];
        try
        {
            while (true)
            {
                int length = await _socket.ReceiveAsync(buffer);
                lock (_messages) _messages.Add(Encoding.UTF8.GetString(buffer, 0, length));
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
