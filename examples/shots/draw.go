package main

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/foreword-go/foreword/fewshot/eval"
)

// A curve is one line of the picture.
type curve struct {
	name  string
	table eval.Table
}

// The colours are distinct for people with red-green blindness (Okabe and Ito
// 2008).
var palette = []color.Color{color.RGBA{0xd5, 0x5e, 0x00, 0xff}, color.RGBA{0x00, 0x72, 0xb2, 0xff}}

var (
	ink  = color.Gray{0x33}
	pale = color.Gray{0xdd}
)

const (
	width, height = 7 * vg.Inch, 4 * vg.Inch
	margin        = 12 // in points
	dpi           = 192
)

// drawCurves writes the curves as name.png and name.svg.
func drawCurves(curves []curve, name string) (files []string, err error) {
	p, err := picture(curves)
	if err != nil {
		return nil, err
	}
	for _, sheet := range []struct {
		ending string
		canvas vg.CanvasWriterTo
	}{
		{".png", vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi))}},
		{".svg", vgsvg.New(width, height)},
	} {
		whole := draw.New(sheet.canvas)
		whole.FillPolygon(color.White, []vg.Point{{}, {X: width}, {X: width, Y: height}, {Y: height}})
		p.Draw(draw.Crop(whole, margin, -margin, margin, -margin))
		if err := write(name+sheet.ending, sheet.canvas); err != nil {
			return files, err
		}
		files = append(files, name+sheet.ending)
	}
	return files, nil
}

// write writes a picture to a file. SVG viewers without the font use one of the same
// width.
func write(name string, picture io.WriterTo) error {
	var b bytes.Buffer
	if _, err := picture.WriteTo(&b); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	text := b.Bytes()
	if filepath.Ext(name) == ".svg" {
		text = bytes.ReplaceAll(text, []byte("font-family:Liberation Sans"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif"))
	}
	return os.WriteFile(name, text, 0o666)
}

func picture(curves []curve) (*plot.Plot, error) {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	plotter.DefaultFont = plot.DefaultFont
	p := plot.New()
	p.Title.Text = "A base model translates, by the number of examples it is shown"
	p.X.Label.Text = "examples in the prompt"
	p.Y.Label.Text = "right answers, %"
	p.Y.Min, p.Y.Max = 0, 108
	p.BackgroundColor = color.White
	p.Title.TextStyle.Font.Size = vg.Points(13)
	p.Title.TextStyle.Color = ink
	p.Title.Padding = vg.Points(10)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Label.TextStyle.Color, axis.Tick.Label.Color, axis.Tick.Color = ink, ink, ink, ink
		axis.Label.TextStyle.Font.Size = vg.Points(11)
		axis.Tick.Label.Font.Size = vg.Points(10)
		axis.Padding = vg.Points(4)
		axis.Label.Padding = vg.Points(6)
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color = nil
	grid.Horizontal.Color = pale
	p.Add(grid)
	p.Y.Tick.Marker = plot.ConstantTicks(percents())

	rows := curves[0].table
	ticks := make([]plot.Tick, len(rows))
	for i, row := range rows {
		ticks[i] = plot.Tick{Value: position(row.Shots), Label: label(row.Shots)}
	}
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.X.Min, p.X.Max = ticks[0].Value-0.25, ticks[len(ticks)-1].Value+0.25
	for i, c := range curves {
		if err := addCurve(p, c, palette[i%len(palette)], 0.05*float64(i)); err != nil {
			return nil, err
		}
	}
	p.Legend.XOffs, p.Legend.YOffs = vg.Points(-14), vg.Points(24)
	p.Legend.Padding = vg.Points(4)
	p.Legend.TextStyle.Font.Size = vg.Points(11)
	p.Legend.TextStyle.Color = ink
	return p, nil
}

// addCurve adds a line with bars from the lowest to the highest order. It shifts
// each line a little to the right, so that lines of the same height are both
// visible.
func addCurve(p *plot.Plot, c curve, colour color.Color, right float64) error {
	points := errorPoints{XYs: make(plotter.XYs, len(c.table)), YErrors: make(plotter.YErrors, len(c.table))}
	for j, row := range c.table {
		points.XYs[j] = plotter.XY{X: position(row.Shots) + right, Y: 100 * row.Mean}
		for _, report := range row.Reports {
			bar, from := &points.YErrors[j], 100*(report.Accuracy-row.Mean)
			bar.Low, bar.High = max(bar.Low, -from), max(bar.High, from)
		}
	}
	line, dots, err := plotter.NewLinePoints(points.XYs)
	if err != nil {
		return err
	}
	bars, err := plotter.NewYErrorBars(points)
	if err != nil {
		return err
	}
	first := points.XYs[0]
	value, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{first}, Labels: []string{fmt.Sprintf("%.0f %%", first.Y)}})
	if err != nil {
		return err
	}
	value.Offset = vg.Point{X: vg.Points(9), Y: vg.Points(-4)}
	if first.Y > 50 { // below the line, which goes on to the right
		value.Offset = vg.Point{X: vg.Points(-8), Y: vg.Points(-18)}
	}
	value.TextStyle[0].Font.Size, value.TextStyle[0].Color = vg.Points(11), colour
	line.Color, line.Width = colour, vg.Points(2)
	dots.Color, dots.Shape, dots.Radius = colour, draw.CircleGlyph{}, vg.Points(3.2)
	bars.Color, bars.LineStyle.Width = colour, vg.Points(1)
	p.Add(bars, line, dots, value)
	p.Legend.Add(c.name, line, dots)
	return nil
}

type errorPoints struct {
	plotter.XYs
	plotter.YErrors
}

// position is the place of a number of shots on a logarithmic axis that has a place
// for zero.
func position(shots int) float64 {
	if shots == 0 {
		return 0
	}
	return 1 + math.Log2(float64(shots))
}

func label(shots int) string {
	switch shots {
	case 0:
		return "0\n(zero-shot)"
	case 1:
		return "1\n(one-shot)"
	}
	return strconv.Itoa(shots)
}

func percents() (ticks []plot.Tick) {
	for percent := 0; percent <= 100; percent += 20 {
		ticks = append(ticks, plot.Tick{Value: float64(percent), Label: strconv.Itoa(percent)})
	}
	return ticks
}
