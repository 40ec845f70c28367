namespace SentinelCam.Tests.Support;

/// <summary>What a program in a sandbox did.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Errors">Its standard error.</param>
/// <param name="Duration">How long it ran.</param>
public sealed record SandboxResult(int ExitCode, string Output, string Errors, TimeSpan Duration);
