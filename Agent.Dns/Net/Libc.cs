using System.Runtime.InteropServices;

namespace Agent.Dns.Net;

/// <summary>The few system calls that the framework has no method for, bound once.</summary>
/// <remarks>
/// All pointers are called as ordinary unmanaged calls: the thread is then in preemptive mode and a collection does not wait for it.
/// Suppressing that transition would stop every thread of the process until the next datagram arrives.
/// </remarks>
internal static unsafe class Libc
{
    public const int AfInet = 2;
    public const int AfInet6 = 10;
    public const int SolSocket = 1;
    public const int SoReuseAddress = 2;
    public const int SoReceiveBufferForce = 33;
    public const int SoReusePort = 15;
    public const int SoReceiveTimeout = 20;
    public const int SolUdp = 17;
    public const int UdpSegment = 103;
    public const int IpProtocolIp = 0;
    public const int IpPacketInfo = 8;
    public const int IpMtuDiscover = 10;
    public const int IpProtocolIpv6 = 41;
    public const int Ipv6MtuDiscover = 23;
    public const int Ipv6ReceivePacketInfo = 49;
    public const int Ipv6PacketInfo = 50;
    public const int MtuDiscoverOmit = 5;
    public const int MsgTruncated = 0x20;
    public const int MsgDontWait = 0x40;
    public const int MsgNoSignal = 0x4000;
    public const int MsgWaitForOne = 0x10000;
    public const short PollIn = 1;
    public const int Interrupted = 4;
    public const int WouldBlock = 11;
    public const int BadFileDescriptor = 9;
    public const int MessageTooLong = 90;
    public const int NetworkDown = 100;
    public const int NetworkUnreachable = 101;
    public const int NoBufferSpace = 105;
    public const int ConnectionRefused = 111;
    public const int HostUnreachable = 113;

    private static readonly delegate* unmanaged<int, MmsgHeader*, uint, int, void*, int> ReceiveManyPointer;
    private static readonly delegate* unmanaged<int, MmsgHeader*, uint, int, int> SendManyPointer;
    private static readonly delegate* unmanaged<int, MsgHeader*, int, nint> SendOnePointer;
    private static readonly delegate* unmanaged<PollEntry*, nuint, int, int> PollPointer;

    static Libc()
    {
        // The structures below are those of 64-bit Linux; glibc and musl agree on them when little-endian.
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess || !BitConverter.IsLittleEndian)
        {
            return;
        }
        if ((NativeLibrary.TryLoad("libc.so.6", out nint library) || NativeLibrary.TryLoad("libc", out library))
            && NativeLibrary.TryGetExport(library, "recvmmsg", out nint receiveMany)
            && NativeLibrary.TryGetExport(library, "sendmmsg", out nint sendMany)
            && NativeLibrary.TryGetExport(library, "sendmsg", out nint sendOne)
            && NativeLibrary.TryGetExport(library, "poll", out nint poll))
        {
            ReceiveManyPointer = (delegate* unmanaged<int, MmsgHeader*, uint, int, void*, int>)receiveMany;
            SendManyPointer = (delegate* unmanaged<int, MmsgHeader*, uint, int, int>)sendMany;
            SendOnePointer = (delegate* unmanaged<int, MsgHeader*, int, nint>)sendOne;
            PollPointer = (delegate* unmanaged<PollEntry*, nuint, int, int>)poll;
            IsAvailable = true;
        }
    }

    /// <summary>Whether this system has the batched calls.</summary>
    public static bool IsAvailable { get; }

    /// <summary>The kernel's timeout argument is never passed: it is only looked at after a datagram (recvmmsg(2), BUGS).</summary>
    public static int ReceiveMany(int descriptor, MmsgHeader* headers, uint count, int flags, out int error)
    {
        int result = ReceiveManyPointer(descriptor, headers, count, flags, null);
        error = result < 0 ? Marshal.GetLastSystemError() : 0;
        return result;
    }

    public static int SendMany(int descriptor, MmsgHeader* headers, uint count, int flags, out int error)
    {
        int result = SendManyPointer(descriptor, headers, count, flags);
        error = result < 0 ? Marshal.GetLastSystemError() : 0;
        return result;
    }

    public static nint SendOne(int descriptor, MsgHeader* header, int flags, out int error)
    {
        nint result = SendOnePointer(descriptor, header, flags);
        error = result < 0 ? Marshal.GetLastSystemError() : 0;
        return result;
    }

    public static int Poll(PollEntry* entries, int count, int timeoutMs)
    {
        int result = PollPointer(entries, (nuint)count, timeoutMs);
        return result < 0 ? 0 : result;
    }

    /// <summary><c>struct msghdr</c>.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 56)]
    public struct MsgHeader
    {
        [FieldOffset(0)] public byte* Name;
        [FieldOffset(8)] public uint NameLength;
        [FieldOffset(16)] public IoVector* Vectors;
        [FieldOffset(24)] public nuint VectorCount;
        [FieldOffset(32)] public byte* Control;
        [FieldOffset(40)] public nuint ControlLength;
        [FieldOffset(48)] public int Flags;
    }

    /// <summary><c>struct mmsghdr</c>.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    public struct MmsgHeader
    {
        [FieldOffset(0)] public MsgHeader Header;
        [FieldOffset(56)] public uint Length;
    }

    /// <summary><c>struct iovec</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
