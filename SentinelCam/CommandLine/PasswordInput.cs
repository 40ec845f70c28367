using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace SentinelCam.CommandLine;

/// <summary>Reads a new password. Never from an argument, which every user of the machine could see.</summary>
internal static class PasswordInput
{
    /// <summary>Asks twice on the terminal, without echo, or reads one line of standard input.</summary>
    /// <returns>The password; null if there is none or the two differ.</returns>
    /// <exception cref="IOException">The terminal's echo cannot be turned off.</exception>
    public static string? Read()
    {
        if (Console.IsInputRedirected)
            return Console.In.ReadLine();
        return OperatingSystem.IsWindows() ? AskTwice(ReadKeys) : ReadWithoutEcho();
    }

    /// <summary>
    /// Turns the echo off for the whole time. <see cref="Console.ReadKey(bool)"/> does so for each key alone, so that a password
    /// that is pasted or typed fast appears in between.
    /// </summary>
    private static string? ReadWithoutEcho()
    {
        SetEcho("-echo");
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => SetEcho("echo"));
        try
        {
            // The console's own stream would show what it reads
            using var input = new SafeFileHandle(0, ownsHandle: false);
            using var terminal = new StreamReader(new FileStream(input, FileAccess.Read, bufferSize: 1));
            return AskTwice(terminal.ReadLine);
        }
        finally
        {
            SetEcho("echo");
        }
    }

    private static string? AskTwice(Func<string?> readLine)
    {
        Console.Error.Write("New password: ");
        var password = readLine();
        Console.Error.Write($"{Environment.NewLine}Again: ");
        var again = readLine();
        Console.Error.WriteLine();
        return again == password ? password : null;
    }

    private static void SetEcho(string setting)
    {
        try
        {
            using var stty = Process.Start("stty", [setting]);
            stty.WaitForExit();
            if (stty.ExitCode == 0)
                return;
        }
        catch (Win32Exception)
        {
            // Reported like a failure
        }

        throw new IOException("The terminal's echo cannot be turned off. Give the password on standard input.");
    }

    private static string ReadKeys()
    {
        var typed = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key is ConsoleKey.Backspace)
                typed.Length = Math.Max(0, typed.Length - 1);
            else if (!char.IsControl(key.KeyChar))
                typed.Append(key.KeyChar);
        }

        return typed.ToString();
    }
}
