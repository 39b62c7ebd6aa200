using System.Net;
using System.Net.Sockets;

namespace Agent.Host.Transfers;

/// <summary>A TCP connection to a master, used by one exchange at a time.</summary>
internal sealed class MasterConnection : IDisposable
{
    public MasterConnection(Socket socket, IPEndPoint endPoint)
    {
        Socket = socket;
        EndPoint = endPoint;
    }

    public Socket Socket { get; }

    public IPEndPoint EndPoint { get; }

    /// <summary>An earlier exchange went well over it; the master may have closed it since.</summary>
    public bool IsReused { get; set; }

    /// <summary>Timestamp of its return to the pool.</summary>
    public long IdleSince { get; set; }

    /// <summary>Whether nothing came and nothing was closed while it was idle.</summary>
    public bool IsQuiet
    {
        get
        {
            try
            {
                return !Socket.Poll(0, SelectMode.SelectRead);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    public void Dispose() => Socket.Dispose();
}
