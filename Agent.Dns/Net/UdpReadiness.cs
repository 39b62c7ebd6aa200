namespace Agent.Dns.Net;

/// <summary>Waits until one of a fixed set of sockets has something to receive.</summary>
/// <remarks>Owned by the thread that receives from the sockets.</remarks>
public sealed unsafe class UdpReadiness
{
    private readonly UdpSocket[] _sockets;
    private readonly Libc.PollEntry[] _entries;
    private readonly bool _native;

    /// <summary>Takes the sockets in the order in which <see cref="IsReady"/> names them.</summary>
    public UdpReadiness(params UdpSocket[] sockets)
    {
        ArgumentNullException.ThrowIfNull(sockets);
        _sockets = sockets;
        _native = Array.TrueForAll(sockets, socket => socket is UdpBatchSocket);
        _entries = new Libc.PollEntry[sockets.Length];
        if (_native)
        {
            for (int index = 0; index < sockets.Length; index++)
            {
                _entries[index] = new Libc.PollEntry { Descriptor = ((UdpBatchSocket)sockets[index]).Descriptor, Events = Libc.PollIn };
            }
        }
    }

    /// <summary>Waits for any socket, at most the timeout. A pending error counts as ready: receiving clears it.</summary>
    /// <returns>Whether any socket is ready.</returns>
    public bool Wait(int timeoutMs)
    {
        if (_native)
        {
            fixed (Libc.PollEntry* entries = _entries)
            {
                return Libc.Poll(entries, _entries.Length, timeoutMs) > 0;
            }
        }
        return WaitPortable(timeoutMs);
    }

    /// <summary>Whether the last <see cref="Wait"/> found the socket ready.</summary>
    public bool IsReady(int index) => _entries[index].Returned != 0;

    private bool WaitPortable(int timeoutMs)
    {
        // No common wait exists across the sockets of this form: a short wait on the first, then a look at the others.
        int left = Math.Max(timeoutMs, 0);
        while (true)
        {
            int slice = Math.Min(left, 1);
            bool any = false;
            for (int index = 0; index < _sockets.Length; index++)
            {
                bool ready = _sockets[index].IsReadable(index == 0 && !any ? slice : 0);
                _entries[index].Returned = (short)(ready ? 1 : 0);
                any |= ready;
            }
            left -= slice;
            if (any || left <= 0)
            {
                return any;
            }
        }
    }
}
