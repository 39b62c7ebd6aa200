namespace Agent.Actors.Telemetry;

/// <summary>Why a request was not served for want of room.</summary>
public enum ShedReason
{
    /// <summary>Too many control requests are under way.</summary>
    Credits = 0,

    /// <summary>The zones' door took no more.</summary>
    Sink = 1,

    /// <summary>Nobody answered a control request in time.</summary>
    Unanswered = 2,

    /// <summary>A sender got its share of errors.</summary>
    ErrorRate = 3,

    /// <summary>A sender sends too many NOTIFYs.</summary>
    NotifyRate = 4,

    /// <summary>A TCP connection whose client does not read.</summary>
    TcpStalled = 5,

    /// <summary>A TCP connection that was open for as long as it may.</summary>
    TcpTotal = 6,

    /// <summary>A TCP connection on which nothing came.</summary>
    TcpIdle = 7,

    /// <summary>A message by TCP that is longer than requests are.</summary>
    TcpMessageTooLong = 8,

    /// <summary>More TCP connections than allowed.</summary>
    TcpConnections = 9,

    /// <summary>The process has no file descriptor left.</summary>
    Descriptors = 10,

    /// <summary>A datagram whose handling failed.</summary>
    WorkerError = 11,
}
